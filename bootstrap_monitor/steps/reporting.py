"""Store a result with the StatefulSet: first there, then in the log."""

from __future__ import annotations

import logging

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names, patches, results
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.results import Result
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import Invalid
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.guarded_patch import PatchApi, guarded_patch

log = logging.getLogger(__name__)


def store(api: PatchApi, clock: Clock, stateful_set: str, result: Result) -> None:
    """Put the result first in the annotation. An annotation that the API refuses for good is cut to this result.

    :raises MonitorError: the API is away or denies the write.
    """

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
