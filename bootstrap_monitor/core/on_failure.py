"""What is asked to follow a failed verdict; by itself, as `--help` needs nothing else of a test."""

from __future__ import annotations

from enum import StrEnum


class OnFailure(StrEnum):
    """What follows a failed verdict."""

    NEXT = "next"
    """The next image: a broken one must not hold the rig."""
    HOLD = "hold"
    """Nothing: the node stays for people to look at, until it passes, or they edit the template or ask for a retest."""
