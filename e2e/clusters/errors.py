"""The one error that the commands of a cluster show to a person."""

from __future__ import annotations


class ClusterError(Exception):
    """What happened and why, what to look at where that is not plain, then what to do about it."""

    def __init__(self, problem: str, remedy: str, *, check: str = "") -> None:
        lines = [problem, *([f"what to check: {check}"] if check else []), f"what to do: {remedy}"]
        super().__init__("\n  ".join(lines))
