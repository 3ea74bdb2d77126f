"""Why a test has its verdict: a code for machines, and what a person does about it."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The codes, in the order in which they are looked for. They are labels in metrics and alerts: never renamed."""

    BOOTSTRAPPED = "Bootstrapped"
    VOLUME_FULL = "VolumeFull"
    NODE_NOT_STARTED = "NodeNotStarted"
    CRASH_LOOP = "CrashLoop"
    UNHEALTHY = "Unhealthy"
    STALLED = "Stalled"
    DEADLINE_EXCEEDED = "DeadlineExceeded"

    @property
    def advice(self) -> str:
        """What to do, in a sentence; empty for a pass."""
        return _ADVICE[self]


_ADVICE = {
    Reason.BOOTSTRAPPED: "",
    Reason.VOLUME_FULL: "Give the data volume more room, or find out why this version needs more than the last.",
    Reason.NODE_NOT_STARTED: "See whether the image is still in its registry, and what the pod refers to, with "
    "`kubectl describe pod`.",
    Reason.CRASH_LOOP: "Read the end of the node's log for why it ends; `kubectl logs --previous` has more of it.",
    Reason.UNHEALTHY: "Look at the failing checks in the node's /ext/health, and at its peers.",
    Reason.STALLED: "Look at the end of the node's log, its peers and its network; a node that is only slow needs a "
    "longer --stall-timeout.",
    Reason.DEADLINE_EXCEEDED: "Compare the heights with those of earlier tests: a slower version is a finding, a "
    "growing network needs a longer --max-duration.",
}
