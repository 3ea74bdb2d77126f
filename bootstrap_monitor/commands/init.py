"""``init``: pin the node's image by digest, then start a test on a cleared volume, or resume the one that is on it.

Gather the world, decide (:mod:`bootstrap_monitor.core.init_decision`), act. A SIGKILL at any point is met by the next
run: each act can be repeated, and details are removed before data is, and written after.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names, node_data, test_config
from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.init_acts import (
    Act,
    Decision,
    DeleteOwnPod,
    Pin,
    Resume,
    StartTest,
    Stop,
    WaitForTermination,
)
from bootstrap_monitor.core.init_decision import decide
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps import gathering, rollout
from bootstrap_monitor.steps.events import EventApi, EventRecorder
from bootstrap_monitor.steps.gathering import GatherApi
from bootstrap_monitor.steps.guarded_patch import PatchApi
from bootstrap_monitor.steps.probe import ProbeApi, TagRegistry, probe
from bootstrap_monitor.timings import CONFLICT_ATTEMPTS, LATE_TERMINATION_TIMEOUT_SECONDS, PROGRESS_SECONDS

log = logging.getLogger(__name__)


class Api(GatherApi, PatchApi, ProbeApi, EventApi, Protocol):
    """What ``init`` needs of the Kubernetes API."""


class DetailsStore(Protocol):
    """The details file. Every method may raise :class:`OSError`."""

    def read(self) -> bytes | None: ...
    def write(self, content: bytes) -> None: ...
    def remove(self) -> None: ...
    def set_aside(self) -> None: ...


class Clear(Protocol):
    """Remove ``root/relative``, or the children of ``root`` but ``keep``; ``progress`` is told the entries so far."""

    def __call__(self, root: Path, relative: str, *, keep: frozenset[str], progress: Callable[[int], None]) -> None: ...


Places = NodeData | ConfigurationError
"""What to clear for a new test, or why it cannot be told."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command's options."""

    pod_name: str
    container: str
    data_dir: str
    node_data_dir: str | None
    tracked_tag: str | None
    probe_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Init:
    """The command with what it works on."""

    options: Options
    api: Api
    store: DetailsStore
    clear: Clear
    clock: Clock
    registry: TagRegistry | None = None

    def run(self) -> ExitCode:
        """Returns :attr:`ExitCode.DONE` when the node may start; every other end is an exception.

        :raises MonitorError: as decided, with diagnostics.
        :raises Terminated: SIGTERM, which is how a pod that deleted itself ends.
        """
        for _ in range(CONFLICT_ATTEMPTS):
            world, places = self._gather()
            decision = decide(world)
            log.info("Decided", extra=fields(reason=decision.reason, message=decision.message))
            try:
                self._act(world, places, decision)
            except rollout.Superseded as newer:
                log.info("The template has changed meanwhile; deciding again", extra=fields(change=newer.what))
                continue
            return ExitCode.DONE
        raise TransientError("the template changes all the time", reason="StatefulSetBusy", check="who writes to it")

    def dry_run(self) -> str:
        """What :meth:`run` would decide and do, for people. Changes nothing."""
        world, places = self._gather()
        decision = decide(world)
        lines = [f"reason: {decision.reason}", f"because: {decision.message}", *_plan(decision.act, places)]
        return "\n".join(lines)

    def _gather(self) -> tuple[InitWorld, Places]:
        around = gathering.surroundings(self.api, self.options.pod_name)
        gathering.warn_of_long_name(around.stateful_set)
        config = _told(lambda: test_config.derive(around.pod, self.options.container))
        places = _told(
            lambda: node_data.derive(
                around.pod, self.options.container, self.options.data_dir, self.options.node_data_dir
            )
        )
        return InitWorld(
            pod=around.pod,
            stateful_set=around.stateful_set,
            details=gathering.read_details(self.store.read),
            config=config,
            container=self.options.container,
            tracked_tag_option=self.options.tracked_tag,
            limit=rollout.LIMIT,
            now=self.clock.now(),
        ), places

    def _act(self, world: InitWorld, places: Places, decision: Decision) -> None:
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
                if isinstance(places, ConfigurationError):
                    raise places  # nothing is removed yet; a test that only resumes needs no places
                self._start(world, start, places)
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

    def _start(self, world: InitWorld, start: StartTest, places: NodeData) -> None:
        try:
            if start.set_aside:
                self.store.set_aside()
            else:
                self.store.remove()
            for place in places.places:
                self._clear_place(place, places.mount_path)
            self.store.write(start.details.encode())
        except OSError as error:
            raise TransientError(
                f"the data volume cannot be written: {error}",
                reason="DataVolumeError",
                check="the volume's health, its free space, and whether it is mounted read-only here",
            ) from error
        assert isinstance(world.config, TestConfig)
        log.info(
            names.STARTING,
            extra=fields(testConfig=gathering.config_fields(world.config), startTime=start.details.start_time),
        )
        self._record(world, EventReason.STARTED, _told_of(world.config))

    def _clear_place(self, place: str, root: str) -> None:
        own_dir = posixpath.relpath(self.options.data_dir, place)
        shared = not own_dir.startswith("..")
        # What is ours on the volume's root stays; so does the folder of our file, where it lies deeper.
        keep = names.OWN_FILES | ({own_dir.split("/", maxsplit=1)[0]} if own_dir != "." else set())
        log.info("Removing the node's data", extra=fields(path=place))
        progress = _Progress(place, self.clock)
        if shared:
            self.clear(Path(place), "", keep=frozenset(keep), progress=progress)
        else:
            self.clear(Path(root), posixpath.relpath(place, root), keep=names.OWN_FILES, progress=progress)

    def _resume(self, world: InitWorld, resume: Resume) -> None:
        if resume.filled:
            try:
                self.store.write(resume.filled.encode())
            except OSError as error:
                log.warning("The details could not be completed", extra=fields(error=str(error)))
        assert isinstance(world.config, TestConfig)
        log.info(
            names.RESUMING,
            extra=fields(testConfig=gathering.config_fields(world.config), startTime=resume.details.start_time),
        )
        self._record(world, EventReason.RESUMED, f"{_told_of(world.config)}, since {resume.details.start_time}")

    def _record(self, world: InitWorld, reason: EventReason, message: str) -> None:
        EventRecorder(self.api, self.clock, self.options.pod_name).record(world.stateful_set, reason, message)


class _Progress:
    """A line now and then while a volume of terabytes is cleared."""

    def __init__(self, place: str, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._next = clock.monotonic() + PROGRESS_SECONDS

    def __call__(self, entries: int) -> None:
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + PROGRESS_SECONDS
            log.info("Removing the node's data", extra=fields(path=self._place, entries=entries))


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


def _plan(act: Act, places: Places) -> list[str]:
    match act:
        case WaitForTermination():
            return ["would: wait for SIGTERM"]
        case Stop(exit_code, check, do):
            return [f"would: end with exit code {int(exit_code)}", f"check: {check}", f"do: {do}"]
        case DeleteOwnPod():
            return ["would: delete this pod"]
        case Pin(image, tag) as pin:
            run = f"run `{image}` in a probe pod for its digest and versions; " if pin.needs_probe else ""
            return [f"would: {run}pin the template to `{image.repository}@…` (tracked tag `{tag}`); delete this pod"]
        case StartTest():
            if isinstance(places, ConfigurationError):
                return ["would: end with exit code 78", *places.diagnostics().splitlines()]
            cleared = ", ".join(places.places)
            return [f"would: remove {names.DETAILS_FILE}; clear {cleared}; write {names.DETAILS_FILE}; start the node"]
        case Resume(_, filled):
            more = f"complete {names.DETAILS_FILE}; " if filled else ""
            return [f"would: {more}start the node on its data"]
