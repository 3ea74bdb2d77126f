"""``wait-for-completion``: watch the node to a verdict, store it, then follow the tracked tag to the next image.

One loop over three kinds of turns, each with its interval. An error ends its turn, never the loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import NoReturn, Protocol

from bootstrap_monitor.background import Pending
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core import names, next_image, template_drift
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.next_image import Next
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.results import Verdict
from bootstrap_monitor.core.running_test import RunningTest, running_test
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.template_drift import Drift, DriftWorld
from bootstrap_monitor.core.tracked_tag import tracked_tag
from bootstrap_monitor.core.verdict.assessment import Limits
from bootstrap_monitor.core.versions import versions_of
from bootstrap_monitor.errors import MonitorError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import gathering, rollout
from bootstrap_monitor.steps.events import EventApi, EventRecorder
from bootstrap_monitor.steps.gathering import GatherApi
from bootstrap_monitor.steps.image_discovery import ImageDiscovery, Registry
from bootstrap_monitor.steps.node_watch import NodeWatch, WatchApi
from bootstrap_monitor.steps.probe import ProbeApi
from bootstrap_monitor.steps.sampling import Node
from bootstrap_monitor.timings import COUNT_POLL_SECONDS, HEARTBEAT_SECONDS

log = logging.getLogger(__name__)


class Api(GatherApi, WatchApi, ProbeApi, EventApi, Protocol):
    """What the sidecar needs of the Kubernetes API."""


class DetailsStore(Protocol):
    """The details file, read-only here. May raise :class:`OSError`."""

    def read(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options."""

    pod_name: str
    container: str
    tracked_tag: str | None
    limits: Limits
    on_failure: OnFailure
    health_check_interval: timedelta
    image_check_interval: timedelta
    probe_timeout: timedelta


def start(
    options: Options,
    *,
    api: Api,
    node: Node,
    store: DetailsStore,
    space: Callable[[], DiskSpace],
    count_bytes: Callable[[], Pending[int]],
    clock: Clock,
    registry: Registry | None = None,
) -> Sidecar:
    """The loop for the test of this pod; a sidecar that restarts after the verdict finds it, and reports nothing again.

    :raises TransientError: no usable test details: ``init`` has not run.
    :raises ConfigurationError: the pod is not one that can be tested.
    """
    around = gathering.surroundings(api, options.pod_name)
    gathering.warn_of_long_name(around.stateful_set)
    test = running_test(around.pod, options.container, gathering.read_details(store.read))
    result = test.result_in(around.stateful_set) or {}
    log.info(
        "Watching the node",
        extra=fields(
            testConfig=gathering.config_fields(test.config),
            startTime=test.details.start_time,
            verdict=result.get("verdict"),
            reason=result.get("reason"),
        ),
    )
    events = EventRecorder(api, clock, options.pod_name)
    watch = NodeWatch(
        test=test,
        container=options.container,
        limits=options.limits,
        api=api,
        node=node,
        space=space,
        count_bytes=count_bytes,
        clock=clock,
        events=events,
        verdict=Verdict(result["verdict"]) if result else None,
        failure=str(result.get("reason")) if result.get("verdict") == Verdict.FAILED else None,
    )
    discovery = ImageDiscovery(api, clock, registry, options.container, options.probe_timeout)
    return Sidecar(options, test, watch, discovery, api, clock, events)


@dataclass
class Sidecar:
    """The loop."""

    options: Options
    test: RunningTest
    watch: NodeWatch
    discovery: ImageDiscovery
    api: Api
    clock: Clock
    events: EventRecorder
    _drift: Drift = Drift.IN_STEP

    def run(self) -> NoReturn:
        """Until SIGTERM.

        :raises Terminated: SIGTERM.
        :raises LeaveTimeout: the pod deleted itself and was not ended.
        """
        started = self.clock.monotonic()
        health_check = self.options.health_check_interval.total_seconds()
        image_check = self.options.image_check_interval.total_seconds()
        next_health = next_image_check = started
        next_count = inf
        next_heartbeat = started + HEARTBEAT_SECONDS
        while True:
            now = self.clock.monotonic()
            if now >= min(next_health, next_count):
                before = self.watch.verdict
                sampling = now >= next_health  # not more often while a count runs: a streak is one of intervals
                fine = self._turn(self.watch.look if sampling else self.watch.report)
                if sampling:
                    next_health = now + health_check
                next_count = now + COUNT_POLL_SECONDS if fine and self.watch.unreported else inf
                if self.watch.verdict is not before:
                    next_image_check = now  # the next image, as soon as there is a result
            if now >= next_image_check:
                next_image_check = now + image_check
                self._turn(self._look_at_template)
            if now >= next_heartbeat:
                next_heartbeat = now + HEARTBEAT_SECONDS
                self._turn(self.watch.heartbeat)
            self.clock.sleep(min(next_health, next_count, next_image_check, next_heartbeat) - self.clock.monotonic())

    def _turn(self, look: Callable[[], None]) -> bool:
        """Whether it went well."""
        try:
            look()
        except rollout.LeaveTimeout:
            raise
        except (MonitorError, OSError) as error:
            told = error.diagnostics() if isinstance(error, MonitorError) else str(error)
            log.error("This turn failed; trying again at the next", extra=fields(error=told))
            return False
        return True

    def _look_at_template(self) -> None:
        stateful_set = StatefulSet(self.api.read_stateful_set(self.test.stateful_set))
        drift = template_drift.assess(
            DriftWorld(
                pod=self.test.pod,
                stateful_set=stateful_set,
                container=self.options.container,
                tracked_tag=self.test.details.tracked_tag,
                limit=rollout.LIMIT,
                now=self.clock.now(),
            )
        )
        entered, self._drift = drift is not self._drift, drift
        match drift:
            case Drift.IN_STEP if next_image.is_due(self.watch.verdict, self.options.on_failure):
                self._look_for_image(stateful_set)
            case Drift.TAG_PUT_BACK:
                self._pin_in_place(stateful_set)
            case Drift.EDITED:
                rollout.record_self_deletion(self.api, self.clock, stateful_set.name)
                rollout.leave(
                    self.api,
                    self.clock,
                    self.test.pod,
                    "Deleting pod to trigger recreation with the edited template",
                )
            case Drift.HELD_BACK | Drift.TUG_OF_WAR if entered:
                log.error(drift.value)

    def _pin_in_place(self, stateful_set: StatefulSet) -> None:
        """The node runs on: with the pin back, the template is the revision that this pod was made from."""
        rollout.pin(
            self.api,
            self.clock,
            stateful_set,
            container=self.options.container,
            image=self._template_image(stateful_set).with_digest(self.test.fingerprint.image),
            versions=self.test.versions,
            tracked_tag=self.test.details.tracked_tag or self._tag(stateful_set),
            counted=True,
        )

    def _look_for_image(self, stateful_set: StatefulSet) -> None:
        tag = self._tag(stateful_set)
        found = self.discovery.look(self._template_image(stateful_set).with_tag(tag), self.test, stateful_set)
        match found.meaning:
            case Next.UNCHANGED:
                log.info(names.IMAGE_UNCHANGED, extra=fields(image=str(found.image)))
            case Next.ALREADY_TESTED:
                log.info("Image already tested", extra=fields(image=str(found.image)))
            case Next.NEW:
                log.info(
                    "Found updated image",
                    extra=fields(image=str(found.image), versions=versions_of(found.versions)),
                )
                patched = rollout.pin(
                    self.api,
                    self.clock,
                    stateful_set,
                    container=self.options.container,
                    image=found.image,
                    versions=found.versions,
                    tracked_tag=tag,
                    counted=False,
                )
                self.events.record(patched, EventReason.IMAGE_UPDATED, f"next image to test: {found.image}")
                rollout.await_observed(self.api, self.clock, patched)
                rollout.leave(self.api, self.clock, self.test.pod)

    def _template_image(self, stateful_set: StatefulSet) -> image_reference.ImageReference:
        return image_reference.parse(stateful_set.template_image(self.options.container) or "")

    def _tag(self, stateful_set: StatefulSet) -> str:
        return tracked_tag(
            option=self.options.tracked_tag,
            image=self._template_image(stateful_set),
            tag_annotation=stateful_set.template_annotation(names.TRACKED_TAG_ANNOTATION),
            versions_annotation=stateful_set.template_annotation(names.VERSIONS_ANNOTATION),
        )
