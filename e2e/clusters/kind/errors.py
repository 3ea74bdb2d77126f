"""The one error that the commands of the kind cluster show to a person."""

from __future__ import annotations


class ClusterError(Exception):
    """What happened, what to look at, and what to do."""

    def __init__(self, problem: str, check: str, remedy: str) -> None:
        super().__init__(f"{problem}\n  what to check: {check}\n  what to do: {remedy}")
