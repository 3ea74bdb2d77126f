"""Samples, in few words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bootstrap_monitor.core.container_state import ContainerState
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthSample
from bootstrap_monitor.core.verdict import history
from bootstrap_monitor.core.verdict.assessment import Limits
from bootstrap_monitor.core.verdict.history import History
from bootstrap_monitor.core.verdict.sample import Sample

GIB = 1024**3
MINUTE = 60.0
HOUR = 3600.0
HEALTHY = HealthSample(True, ())
BOOTSTRAPPING = HealthSample(False, ("P",), ("bootstrapped",))
SICK = HealthSample(False, (), ("network",))
UNTOLD = HealthSample(True, None)
AWAY = HealthSample(False, problem="NodeUnreachable: refused")
MALFORMED = HealthSample(False, problem="MalformedAnswer: HTTP 200 without a JSON body")
LIMITS = Limits(
    healthy_samples=3,
    stall_timeout=timedelta(hours=6),
    max_restarts=5,
    min_free_percent=5,
    not_started_timeout=timedelta(minutes=30),
    max_duration=timedelta(days=2),
)


def look(at: float, health: HealthSample = BOOTSTRAPPING, *, height: float | None = None, **more: Any) -> Sample:
    """A sample at so many seconds of the run; the test began with it unless ``elapsed`` says otherwise."""
    marks = {} if height is None else {'avalanche_snowman_last_accepted_height{chain="P"}': height}
    elapsed = more.pop("elapsed", at)
    return Sample(**{"at_seconds": at, "elapsed_seconds": elapsed, "health": health, "marks": marks, **more})


def disk(used_gib: float, total_gib: float = 100) -> DiskSpace:
    return DiskSpace(total_bytes=int(total_gib * GIB), available_bytes=int((total_gib - used_gib) * GIB))


def restarted(times: int, **more: Any) -> ContainerState:
    return ContainerState(restarts=times, **more)


PULLING = ContainerState(waits=True, waiting="ImagePullBackOff", message="not found")


def folded(*samples: Sample) -> History:
    told: History | None = None
    for sample in samples:
        told = history.after(told, sample)
    assert told
    return told
