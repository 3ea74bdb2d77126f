"""How much room a filesystem has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiskSpace:
    """In bytes. ``available_bytes`` is what is left for ordinary users, so less than what is free."""

    total_bytes: int
    available_bytes: int
