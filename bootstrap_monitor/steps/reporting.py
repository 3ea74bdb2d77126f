"""Report a verdict: first in the StatefulSet's annotation, then in the log, then as an Event."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bootstrap_monitor.background import Pending
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names, patches, results
from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.results import Result
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.verdict.assessment import Assessment
from bootstrap_monitor.errors import Invalid
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import gathering
from bootstrap_monitor.steps.events import EventRecorder
from bootstrap_monitor.steps.guarded_patch import PatchApi, guarded_patch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """A verdict that is not reported yet."""

    assessment: Assessment
    end: datetime
    counted: Pending[int]
    """The bytes on the data volume, counted by an exact walk."""
    count_until: float
    """When to go on without them, in seconds of the monotonic clock."""
    heights: dict[str, int]
    node_log: str = ""
    """The last lines that the node logged, for a failure."""
    replaces: str | None = None
    """The reason of the failure that this pass comes after."""

    @property
    def message(self) -> str:
        """For people."""
        earlier = f"; before, it had failed ({self.replaces})" if self.replaces else ""
        return self.assessment.message + earlier


def report(api: PatchApi, clock: Clock, events: EventRecorder, test: RunningTest, ending: Ending) -> Result | None:
    """Store and tell the verdict; ``None`` while its bytes are still being counted.

    :raises MonitorError: the API is away or denies the write; nothing is told then.
    """
    if not ending.counted.done() and clock.monotonic() < ending.count_until:
        return None
    disk_bytes = _counted_bytes(ending.counted)
    result = test.result(
        ending.assessment, end=ending.end, message=ending.message, disk_bytes=disk_bytes, node_log=ending.node_log
    )
    stateful_set = _store(api, clock, test.stateful_set, result)
    told: JsonObject = {
        "diskUsage": None if disk_bytes is None else human_size(disk_bytes),
        "duration": test.elapsed(ending.end),
        "testConfig": gathering.config_fields(test.config),
        "heights": ending.heights,
    }
    if ending.assessment.passed:
        log.info(names.COMPLETED, extra=fields(**told, **({"replaces": ending.replaces} if ending.replaces else {})))
    else:
        log.error("Bootstrap failed", extra=fields(reason=str(result.reason), message=ending.message, **told))
        for line in ending.node_log.splitlines():
            log.error("The node's log", extra=fields(line=line))
    if stateful_set:
        reason = EventReason.PASSED if ending.assessment.passed else EventReason.FAILED
        events.record(stateful_set, reason, f"{result.reason}: {ending.message} ({test.config.image})")
    return result


def _counted_bytes(counted: Pending[int]) -> int | None:
    if not counted.done():
        log.warning("Counting the disk usage takes too long; the result goes without it")
        return None
    try:
        return counted.result()
    except OSError as error:
        log.warning("The disk usage could not be counted", extra=fields(error=str(error)))
        return None


def _store(api: PatchApi, clock: Clock, name: str, result: Result) -> StatefulSet | None:
    """Put the result first in the annotation. An annotation that the API refuses for good is cut to this result."""

    def patch(current: StatefulSet) -> JsonObject:
        stored = results.parse(current.annotation(names.RESULTS_ANNOTATION))
        return patches.results(current, results.encode(results.with_result(stored, result)))

    def cut(current: StatefulSet) -> JsonObject:
        return patches.results(current, results.encode(results.with_result((), result)))

    try:
        return guarded_patch(api, clock, name, patch)
    except Invalid as refused:
        log.warning("The results are refused; keeping the newest only", extra=fields(error=str(refused)))
        try:
            return guarded_patch(api, clock, name, cut)
        except Invalid as again:
            # There is nothing left to cut. The log has the result, and the rig goes on.
            log.error("The result is refused and is not stored", extra=fields(error=str(again)))
            return None
