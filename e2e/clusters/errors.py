"""The one error that the commands of a cluster show to a person."""

from __future__ import annotations


class ClusterError(Exception):
    """What happened and why, then what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n  what to do: {remedy}")
