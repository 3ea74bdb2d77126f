"""What the kubelet says of one container."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core import pod
from bootstrap_monitor.core.json import JsonObject

_STARTED_BEFORE = frozenset({"CrashLoopBackOff", "PodInitializing"})
"""Reasons for waiting that are no trouble with the image or the configuration."""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """The part of a container's status that verdicts rest on."""

    restarts: int = 0
    waiting: str = ""
    """The reason for which it waits; empty when it does not, or none is given."""
    message: str = ""
    """The kubelet's words to that."""
    last_end: str = ""
    """How it ended the last time, as in ``Error, exit code 1``; empty when it did not."""
    waits: bool = False

    @property
    def cannot_start(self) -> bool:
        """Whether it waits for something other than the end of a back-off: an image, a Secret, a command."""
        return self.waits and self.waiting not in _STARTED_BEFORE


def of(own_pod: JsonObject, container_name: str) -> ContainerState | None:
    """The state of the container; ``None`` before the kubelet wrote one."""
    status = pod.container_status(own_pod, container_name)
    if status is None:
        return None
    state = status.get("state") or {}
    waiting = state.get("waiting")
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    return ContainerState(
        restarts=int(status.get("restartCount") or 0),
        waiting=str((waiting or {}).get("reason") or ""),
        message=str((waiting or {}).get("message") or ""),
        last_end=f"{ended.get('reason') or 'Ended'}, exit code {ended.get('exitCode')}" if ended else "",
        waits=waiting is not None,
    )
