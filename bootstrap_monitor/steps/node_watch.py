"""Watch the node to its verdict: sample, assess, report; after a failure go on, for a pass may still come."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bootstrap_monitor.background import Pending
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import metrics
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthSample
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.results import Verdict
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.verdict import history
from bootstrap_monitor.core.verdict.assessment import Assessment, Limits, assess
from bootstrap_monitor.core.verdict.eta import eta
from bootstrap_monitor.core.verdict.history import History
from bootstrap_monitor.core.verdict.reason import Reason
from bootstrap_monitor.core.verdict.sample import Sample
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import reporting, sampling
from bootstrap_monitor.steps.events import EventRecorder
from bootstrap_monitor.steps.guarded_patch import PatchApi
from bootstrap_monitor.steps.reporting import Ending
from bootstrap_monitor.steps.sampling import LogApi, Node, SampleApi
from bootstrap_monitor.timings import EXACT_USAGE_TIMEOUT_SECONDS

log = logging.getLogger(__name__)


class WatchApi(PatchApi, SampleApi, LogApi, Protocol):
    """What watching needs."""


@dataclass(kw_only=True)
class NodeWatch:
    """What is known of the node since the process started."""

    test: RunningTest
    container: str
    limits: Limits
    api: WatchApi
    node: Node
    space: Callable[[], DiskSpace]
    count_bytes: Callable[[], Pending[int]]
    """Starts one exact walk over the data volume."""
    clock: Clock
    events: EventRecorder
    verdict: Verdict | None
    """The one that is stored. A failed one may still be followed by a pass."""
    failure: str | None
    """The reason of a stored failure."""
    _history: History | None = None
    _ending: Ending | None = None
    _last_beat: Sample | None = None

    @property
    def unreported(self) -> bool:
        """Whether there is a verdict that is not stored yet."""
        return self._ending is not None

    def look(self) -> None:
        """One sample, and what follows from it; none any more after a pass.

        :raises MonitorError: see :meth:`report`.
        """
        if self.verdict is Verdict.PASSED:
            return
        if self._ending is None or not self._ending.assessment.passed:
            self._sample()
        self.report()

    def report(self) -> None:
        """Store and tell a verdict that is not stored yet, once its bytes are counted.

        :raises MonitorError: it could not be stored; the next look tries again.
        """
        if self._ending is None:
            return
        result = reporting.report(self.api, self.clock, self.events, self.test, self._ending)
        if result:
            self._ending = None
            self.verdict, self.failure = result.verdict, str(result.reason)

    def _sample(self) -> None:
        sample = sampling.sample(self.api, self.node, self.space, self.clock, self.test, self.container)
        if self._history is None or sample.health != self._history.last.health:
            _tell_health(sample.health)
        self._history = history.after(self._history, sample)
        assessment = assess(self._history, self.limits)
        if assessment and (assessment.passed or (self.verdict is None and self._ending is None)):
            self._ending = self._end(assessment, sample)

    def _end(self, assessment: Assessment, sample: Sample) -> Ending:
        now = self.clock.monotonic()
        crashed = assessment.reason is Reason.CRASH_LOOP
        return Ending(
            assessment=assessment,
            end=self.test.end(self.clock.now()),
            counted=self.count_bytes(),
            count_until=now + EXACT_USAGE_TIMEOUT_SECONDS,
            heights=metrics.heights(sample.marks),
            node_log=""
            if assessment.passed
            else sampling.node_log(self.api, self.test, self.container, previous=crashed),
            replaces=self.failure,
        )

    def heartbeat(self) -> None:
        """Log where it stands.

        :raises OSError: the volume is away.
        """
        if self.verdict is Verdict.PASSED or self._history is None:
            space = self.space()
            log.info("Still watching", extra=fields(diskFree=human_size(space.available_bytes)))
            return
        sample, before = self._history.last, self._last_beat or self._history.first
        self._last_beat = sample
        log.info(
            "Still watching" if self.verdict else "Bootstrap in progress",
            extra=fields(
                elapsed=self.test.elapsed(self.clock.now()),
                diskUsed=sample.disk and human_size(sample.disk.used_bytes),
                diskFree=sample.disk and human_size(sample.disk.available_bytes),
                heights=metrics.heights(sample.marks),
                bootstrapping=sample.health.bootstrapping,
                restarts=sample.container and sample.container.restarts,
                withoutProgress=timedelta(seconds=self._history.without_progress_seconds),
                **({"eta": left} if (left := eta(before, sample)) else {}),
            ),
        )


def _tell_health(seen: HealthSample) -> None:
    log.info(
        "Node reported healthy" if seen.healthy else "Node reported unhealthy",
        extra=fields(bootstrapping=seen.bootstrapping, failing=seen.failing, problem=seen.problem),
    )
