"""One look at the node from all sides. What could not be seen is a fact too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bootstrap_monitor.core.container_state import ContainerState
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthSample


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen at one time."""

    at_seconds: float
    """Of the monotonic clock."""
    elapsed_seconds: float
    """Since the test's start by the wall clock, which may jump; never negative."""
    health: HealthSample
    marks: Mapping[str, float] = field(default_factory=dict)
    """Heights and counters, see :mod:`bootstrap_monitor.core.metrics`; empty where the node told none."""
    container: ContainerState | None = None
    """``None``: the API server did not tell."""
    disk: DiskSpace | None = None
    """``None``: the volume could not be asked."""
