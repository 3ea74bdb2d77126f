"""Tell the test's story as Events on the StatefulSet. A convenience: no test waits for one, or fails without."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import event
from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.errors import Forbidden, MonitorError
from bootstrap_monitor.log import fields

log = logging.getLogger(__name__)


class EventApi(Protocol):
    """What telling needs."""

    def create_event(self, body: JsonObject) -> JsonObject: ...


@dataclass
class EventRecorder:
    """Records the events of one pod."""

    api: EventApi
    clock: Clock
    pod_name: str
    _forbidden: bool = False

    def record(self, stateful_set: StatefulSet, reason: EventReason, message: str) -> None:
        """One try; where it is not granted, one warning and never again. Raises nothing."""
        if self._forbidden:
            return
        now = self.clock.now()
        try:
            self.api.create_event(event.body(stateful_set, reason, message, reported_by=self.pod_name, now=now))
        except Forbidden:
            self._forbidden = True
            log.warning("Events may not be created, so there are none: grant `create` on `events` for them")
        except MonitorError as error:
            log.warning("An Event could not be created", extra=fields(event=str(reason), error=str(error)))
