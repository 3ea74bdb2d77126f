"""The runs of one container in the life of its pod: begun, waited for, begun again after a while."""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable

from e2e.clusters.local.api.objects import Json, parse_time
from e2e.clusters.local.kubelet import readiness, starting, status
from e2e.clusters.local.kubelet.back_off import BackOff
from e2e.clusters.local.kubelet.containers import Process, Start, StartError, new_id
from e2e.clusters.local.kubelet.environment import ConfigError
from e2e.clusters.local.kubelet.images import Image, ImageError
from e2e.clusters.local.kubelet.node import Node
from e2e.clusters.local.kubelet.readiness import Address, Readiness
from e2e.clusters.local.kubelet.status import Ended, Waiting
from e2e.clusters.local.kubelet.volumes import NotReadyError

LOG = logging.getLogger(__name__)
RETRY_SECONDS = 10
PULL_ERROR_SHOWS_SECONDS = 5
VOLUME_RETRY_SECONDS = 1
MESSAGE_BYTES = 4096
LOG_MESSAGE_LINES, LOG_MESSAGE_BYTES = 80, 2048
"""What of the log becomes a message, where the manifest asks for that."""


class Runs:
    """One container. ``changed`` is called from other threads."""

    def __init__(self, node: Node, pod: Json, spec: Json, *, init: bool, changed: Callable[[], None]) -> None:
        self.spec = spec
        self.init = init
        self.process: Process | None = None
        self._node = node
        self._changed = changed
        first = Waiting("PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating")
        self._waiting: Waiting | None = first
        self._begun = 0
        """Runs so far."""
        self._ends: list[Ended] = []
        self._ended_at = 0.0
        self._image: Image | None = None
        self._pull_error: ImageError | None = None
        self._pull_failed_at = 0.0
        self._readiness: Readiness | None = None
        self._restarts, self._pulls = BackOff(node.delays), BackOff(node.delays)

    def remember(self, told: Json, *, again: bool) -> None:
        """What an earlier kubelet told of it. ``again``: it has to run another time, whatever its end was."""
        ends = [end for name in ("lastState", "state") if (end := _end(told[name])) is not None]
        if ends:
            self._ends, self._begun = ends, told["restartCount"] + 1
            self._waiting = self._waiting if again else None

    @property
    def alive(self) -> bool:
        return self.process is not None

    def look(self, pod: Json) -> None:
        """See whether it has ended."""
        process = self.process
        if process is None or process.alive:
            return
        self.process, self._waiting, self._ended_at = None, None, time.monotonic()
        self.stop_probe()
        run = self._begun - 1
        self._node.logs.closed(pod, self.spec["name"], run)
        assert process.finished_at
        message = self._message(pod, run, process.exit_code)
        ended = status.end_of(process.exit_code, message, process.started_at, process.finished_at, process.id)
        self._ends = [*self._ends[-1:], ended]

    def stop_probe(self) -> None:
        if self._readiness:
            self._readiness.stop()
            self._readiness = None

    def known(self, *, lost: bool = False) -> status.Container:
        """For the pod's status. ``lost``: the pod was ended, and what had not started never will."""
        last = self._ends[-1] if self._ends else None
        state: Waiting | status.Running | Ended
        if self.process:
            state = status.Running(self.process.started_at, self.process.id)
        elif self._waiting:
            state = status.LOST if lost else self._waiting
        else:
            state, last = self._ends[-1], self._ends[-2] if len(self._ends) > 1 else None
        return status.Container(
            spec=self.spec,
            state=state,
            last=last,
            restarts=max(0, self._begun - 1),
            ready=self._readiness.ready if self._readiness else self.alive,
            image=self._image.name if self._image else "",
            image_id=self._image.id if self._image else "",
            init=self.init,
        )

    def start(self, pod: Json, address: Address) -> float:
        """Starts it, or says why not; answers the seconds after which to try again."""
        now = time.monotonic()
        name, metadata = self.spec["name"], pod["metadata"]
        if self._ends and (left := self._restarts.left(self._ended_at, now)) > 0:
            what = f"container={name} pod={metadata['name']}_{metadata['namespace']}({metadata['uid']})"
            self._waiting = Waiting("CrashLoopBackOff", f"back-off {self._restarts.told} restarting failed {what}")
            return left
        if (left := self._pull()) > 0 or self._image is None:
            return left
        try:
            start = starting.prepare(self._node, pod, self.spec, self._image, address)
        except ConfigError as error:
            self._waiting = Waiting("CreateContainerConfigError", str(error))
            return self._node.delays.seconds(RETRY_SECONDS)
        except NotReadyError as error:
            LOG.info("pod %s/%s waits: %s", metadata["namespace"], metadata["name"], error)
            return self._node.delays.seconds(VOLUME_RETRY_SECONDS)
        self._run(pod, start, address)
        return math.inf if self.process else 0.0

    def _pull(self) -> float:
        """Seconds to wait; 0 with an image, or after the first moments of an error."""
        now, delays = time.monotonic(), self._node.delays
        if self._pull_error:
            shows = self._pull_failed_at + delays.seconds(PULL_ERROR_SHOWS_SECONDS) - now
            left = self._pulls.left(self._pull_failed_at, now)
            if shows <= 0 < left:
                told = f'Back-off pulling image "{self.spec["image"]}": {self._pull_error.reason}: {self._pull_error}'
                self._waiting = Waiting("ImagePullBackOff", told)
            if left > 0:
                return shows if shows > 0 else left
        self._image, self._pull_error = None, None
        try:
            self._image = self._node.images.get(self.spec["image"], self.spec.get("imagePullPolicy") or "IfNotPresent")
        except ImageError as error:
            self._waiting = Waiting(error.reason, str(error))
            if error.reason != "ErrImagePull":
                return delays.seconds(RETRY_SECONDS)
            self._pull_error, self._pull_failed_at = error, time.monotonic()
            self._pulls.failed(self._pull_failed_at)
            return delays.seconds(PULL_ERROR_SHOWS_SECONDS)
        return 0

    def _run(self, pod: Json, start: Start, address: Address) -> None:
        name, run = self.spec["name"], self._begun
        with self._node.starting:
            if self._node.stopping.is_set():
                return
            self._begun += 1
            if self._ends:
                self._restarts.failed(time.monotonic())
            log = self._node.logs.open(pod, name, run)
            try:
                self.process = Process(start, log, self._node.records, self._changed)
            except (StartError, OSError) as error:
                log.close()
                self._node.logs.closed(pod, name, run)
                self._not_started(pod, error)
                return
        self._waiting = None
        if probe := self.spec.get("readinessProbe"):
            succeeds = functools.partial(readiness.attempt, self.spec, address, start, self.process.group)
            self._readiness = Readiness(probe, succeeds, self._node.delays, self._changed)

    def _not_started(self, pod: Json, error: StartError | OSError) -> None:
        """A program that is there, but not what is to run it, has begun by a runtime's account."""
        now = self._node.now()
        message = f"failed to start container process: {error}" if isinstance(error, StartError) else ""
        code, reason, started_at = (128, "StartError", status.NEVER) if message else (1, "Error", now)
        self._ends = [*self._ends[-1:], Ended(code, reason, message, started_at, now, new_id())]
        self._ended_at = time.monotonic()
        again = message and pod["spec"].get("restartPolicy") != "Never"
        self._waiting = Waiting("RunContainerError", message) if again else None
        self._changed()

    def _message(self, pod: Json, run: int, exit_code: int) -> str:
        try:
            written = starting.message_file(self._node, pod, self.spec).read_bytes()[:MESSAGE_BYTES]
        except OSError:
            written = b""
        policy = self.spec.get("terminationMessagePolicy")
        if written or not exit_code or policy != "FallbackToLogsOnError":
            return written.decode(errors="replace")
        lines, limit = LOG_MESSAGE_LINES, LOG_MESSAGE_BYTES
        return self._node.logs.tail(pod, self.spec["name"], run, lines=lines, limit_bytes=limit)


def _end(told: Json) -> Ended | None:
    """Of a state that an earlier kubelet told; what ran then was ended by nobody who could say how."""
    if running := told.get("running"):
        return Ended(255, "Unknown", started_at=parse_time(running["startedAt"]))
    found = told.get("terminated")
    if not found:
        return None
    started_at, finished_at = (found.get(name) and parse_time(found[name]) for name in ("startedAt", "finishedAt"))
    text = {"message": found.get("message", ""), "id": found.get("containerID", "")}
    return Ended(found["exitCode"], found["reason"], started_at=started_at, finished_at=finished_at, **text)
