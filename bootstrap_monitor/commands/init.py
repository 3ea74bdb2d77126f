"""``init``: pin the node's image by digest, then start a test on a cleared volume, or resume the one that is on it.

Gather the world, decide (:mod:`bootstrap_monitor.core.init_decision`), act. A SIGKILL at any point is met by the next
run: each act can be repeated, and details are removed before data is, and written after. So is the marker of a restore,
which is there as long as the details are not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names, node_data, test_config
from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.init_acts import (
    Decision,
    DeleteOwnPod,
    Pin,
    Resume,
    StartTest,
    Stop,
    WaitForTermination,
)
from bootstrap_monitor.core.init_decision import decide, refused
from bootstrap_monitor.core.init_plan import plan
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.restore import marker as markers
from bootstrap_monitor.core.restore.marker import Marker
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import gathering, rollout
from bootstrap_monitor.steps.events import EventApi, EventRecorder
from bootstrap_monitor.steps.gathering import GatherApi
from bootstrap_monitor.steps.guarded_patch import PatchApi
from bootstrap_monitor.steps.probe import ProbeApi, TagRegistry, probe
from bootstrap_monitor.steps.starting import Volume
from bootstrap_monitor.timings import CONFLICT_ATTEMPTS, LATE_TERMINATION_TIMEOUT_SECONDS

log = logging.getLogger(__name__)


class Api(GatherApi, PatchApi, ProbeApi, EventApi, Protocol):
    """What ``init`` needs of the Kubernetes API."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options."""

    pod_name: str
    container: str
    data_dir: str
    node_data_dir: str | None
    tracked_tag: str | None
    probe_timeout: timedelta
    initial_db_archive: str = ""
    """For people and the fingerprint, without credentials; empty: the node starts from nothing."""


@dataclass(frozen=True, slots=True)
class Init:
    """The command with what it works on."""

    options: Options
    api: Api
    volume: Volume
    clock: Clock
    registry: TagRegistry | None = None

    def run(self) -> ExitCode:
        """Returns :attr:`ExitCode.DONE` when the node may start; every other end is an exception.

        :raises MonitorError: as decided, with diagnostics.
        :raises Terminated: SIGTERM, which is how a pod that deleted itself ends.
        """
        for _ in range(CONFLICT_ATTEMPTS):
            world = self._gather()
            decision = self._decided(decide(world))
            try:
                self._act(world, decision)
            except rollout.Superseded as newer:
                log.info("The template has changed meanwhile; deciding again", extra=fields(change=newer.what))
                continue
            return ExitCode.DONE
        raise TransientError("the template changes all the time", reason="StatefulSetBusy", check="who writes to it")

    @staticmethod
    def _decided(decision: Decision) -> Decision:
        log.info("Decided", extra=fields(reason=decision.reason, message=decision.message))
        return decision

    def dry_run(self) -> str:
        """What :meth:`run` would decide and do, for people. Changes nothing."""
        decision = decide(self._gather())
        lines = [
            f"reason: {decision.reason}",
            f"because: {decision.message}",
            *plan(decision.act, self.options.initial_db_archive),
        ]
        return "\n".join(lines)

    def _gather(self) -> InitWorld:
        around = gathering.surroundings(self.api, self.options.pod_name)
        gathering.warn_of_long_name(around.stateful_set)
        return InitWorld(
            pod=around.pod,
            stateful_set=around.stateful_set,
            details=gathering.read_details(self.volume.details.read),
            config=_told(lambda: test_config.derive(around.pod, self.options.container)),
            places=_told(
                lambda: node_data.derive(
                    around.pod, self.options.container, self.options.data_dir, self.options.node_data_dir
                )
            ),
            container=self.options.container,
            tracked_tag_option=self.options.tracked_tag,
            initial_db_archive=self.options.initial_db_archive,
            restore=self._marker(),
            limit=rollout.LIMIT,
            now=self.clock.now(),
        )

    def _marker(self) -> Marker | None:
        try:
            return markers.parse(self.volume.marker.read())
        except OSError as error:
            raise TransientError(
                f"{names.RESTORE_MARKER} cannot be read: {error}",
                reason="DataVolumeError",
                check="the data volume's health, and the file's owner and mode",
            ) from error

    def _act(self, world: InitWorld, decision: Decision) -> None:
        match decision.act:
            case WaitForTermination():
                rollout.wait_for_termination(self.clock, LATE_TERMINATION_TIMEOUT_SECONDS)
            case Stop() as stop:
                raise _stopped(decision, stop)
            case DeleteOwnPod():
                # The template may be as new as a run's that was killed between its patch and its deletion.
                counted = rollout.record_self_deletion(self.api, self.clock, world.stateful_set.name)
                rollout.await_observed(self.api, self.clock, counted)
                rollout.leave(self.api, self.clock, world.pod)
            case Pin() as pin:
                self._pin(world, pin)
            case StartTest() as start:
                try:
                    self._start(world, start)
                except ConfigurationError as error:
                    instead = refused(world, error)
                    if isinstance(instead.act, Stop):
                        raise
                    self._act(world, self._decided(instead))
            case Resume() as resume:
                self._resume(world, resume)

    def _pin(self, world: InitWorld, pin: Pin) -> None:
        image, versions = pin.image, pin.versions
        if image.digest is None or versions is None:
            probed = probe(
                self.api,
                self.clock,
                own_pod=world.pod,
                container=self.options.container,
                image=image,
                timeout=self.options.probe_timeout,
                registry=self.registry,
            )
            image, versions = probed.image, probed.versions
        patched = rollout.pin(
            self.api,
            self.clock,
            world.stateful_set,
            container=self.options.container,
            image=image,
            versions=versions,
            tracked_tag=pin.tracked_tag,
            counted=True,
        )
        self._record(world, EventReason.IMAGE_UPDATED, f"pinned to {image}")
        rollout.await_observed(self.api, self.clock, patched)
        rollout.leave(self.api, self.clock, world.pod)

    def _start(self, world: InitWorld, start: StartTest) -> None:
        assert isinstance(world.config, TestConfig)
        details = self.volume.start(start, world.config)
        self._tell(world, names.STARTING, details)
        self._record(world, EventReason.STARTED, _told_of(world.config))

    def _resume(self, world: InitWorld, resume: Resume) -> None:
        assert isinstance(world.config, TestConfig)
        self.volume.resume(resume.filled)
        self._tell(world, names.RESUMING, resume.details)
        self._record(world, EventReason.RESUMED, f"{_told_of(world.config)}, since {resume.details.start_time}")

    def _tell(self, world: InitWorld, message: str, details: Details) -> None:
        assert isinstance(world.config, TestConfig)
        log.info(message, extra=fields(testConfig=gathering.config_fields(world.config), startTime=details.start_time))

    def _record(self, world: InitWorld, reason: EventReason, message: str) -> None:
        EventRecorder(self.api, self.clock, self.options.pod_name).record(world.stateful_set, reason, message)


class _WithWarnings(Protocol):
    @property
    def warnings(self) -> tuple[str, ...]: ...


Told = TypeVar("Told", bound=_WithWarnings)


def _told(derive: Callable[[], Told]) -> Told | ConfigurationError:
    try:
        told = derive()
    except ConfigurationError as error:
        return error
    for warning in told.warnings:
        log.warning(warning)
    return told


def _told_of(config: TestConfig) -> str:
    return f"{config.image} on {config.network}, {config.sync_mode}"


def _stopped(decision: Decision, stop: Stop) -> MonitorError:
    error = ConfigurationError if stop.exit_code is ExitCode.CONFIGURATION else TransientError
    return error(decision.message, reason=decision.reason, check=stop.check, do=stop.do)
