"""Report a verdict: first in the StatefulSet's annotation, then in the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from bootstrap_monitor.background import Pending
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names, patches, results
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.results import Result, Verdict
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import Invalid
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import gathering
from bootstrap_monitor.steps.guarded_patch import PatchApi, guarded_patch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """A verdict that is not reported yet."""

    end: datetime
    samples: int
    counted: Pending[int]
    """The bytes on the data volume, counted by an exact walk."""
    count_until: float
    """When to go on without them, in seconds of the monotonic clock."""
    heights: dict[str, int]


def report(api: PatchApi, clock: Clock, test: RunningTest, passed: Pass) -> bool:
    """Store and log the pass; ``False`` while its bytes are still being counted.

    :raises MonitorError: the API is away or denies the write; nothing is logged then.
    """
    if not passed.counted.done() and clock.monotonic() < passed.count_until:
        return False
    disk_bytes = _counted_bytes(passed.counted)
    result = test.result(
        verdict=Verdict.PASSED,
        end=passed.end,
        message=f"bootstrapped and healthy in {passed.samples} samples in a row",
        disk_bytes=disk_bytes,
    )
    _store(api, clock, test.stateful_set, result)
    log.info(
        names.COMPLETED,
        extra=fields(
            diskUsage=None if disk_bytes is None else human_size(disk_bytes),
            duration=test.elapsed(passed.end),
            testConfig=gathering.config_fields(test.config),
            heights=passed.heights,
        ),
    )
    return True


def _counted_bytes(counted: Pending[int]) -> int | None:
    if not counted.done():
        log.warning("Counting the disk usage takes too long; the result goes without it")
        return None
    try:
        return counted.result()
    except OSError as error:
        log.warning("The disk usage could not be counted", extra=fields(error=str(error)))
        return None


def _store(api: PatchApi, clock: Clock, stateful_set: str, result: Result) -> None:
    """Put the result first in the annotation. An annotation that the API refuses for good is cut to this result."""

    def patch(current: StatefulSet) -> JsonObject:
        stored = results.parse(current.annotation(names.RESULTS_ANNOTATION))
        return patches.results(current, results.encode(results.with_result(stored, result)))

    def cut(current: StatefulSet) -> JsonObject:
        return patches.results(current, results.encode(results.with_result((), result)))

    try:
        guarded_patch(api, clock, stateful_set, patch)
    except Invalid as refused:
        log.warning("The results are refused; keeping the newest only", extra=fields(error=str(refused)))
        try:
            guarded_patch(api, clock, stateful_set, cut)
        except Invalid as again:
            # There is nothing left to cut. The log has the result, and the rig goes on.
            log.error("The result is refused and is not stored", extra=fields(error=str(again)))
