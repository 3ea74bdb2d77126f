"""One pod's life on its Kubernetes node: init, then the node and the sidecar; back-offs, SIGTERM, reboots."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import Terminated
from tests.soak.node import BACK_OFF_SECONDS, NodeContainer
from tests.soak.simulation import MINUTE, Process, Simulation
from tests.support.kills import Killed

CREATION_SECONDS = 2.0
BOOT_SECONDS = 90.0
BACK_OFF_FORGOTTEN_SECONDS = 10 * MINUTE


class Node(Protocol):
    """What a pod needs of the world around."""

    simulation: Simulation
    draw: random.Random

    def run_init(self, run: PodRun, process: Process) -> None: ...
    def run_sidecar(self, run: PodRun, process: Process) -> None: ...
    def node_container(self, run: PodRun) -> NodeContainer: ...
    def ended(self, run: PodRun, command: str, code: int) -> None: ...
    def show_status(self, run: PodRun) -> None: ...
    def gone(self, run: PodRun) -> None: ...


class PodRun:
    """The pod from its creation to its end."""

    def __init__(self, world: Node, pod: JsonObject) -> None:
        self.pod = pod
        self.uid = str(pod["metadata"]["uid"])
        self.node: NodeContainer | None = None
        """``None`` until ``init`` is done."""
        self.process: Process | None = None
        self.cut_off = False
        """Its Kubernetes node is out of reach, and somebody has removed the pod."""
        self._world = world
        self._ending = False
        self._failures = 0
        self._boots = 0
        self._later(CREATION_SECONDS, self._init)

    def status(self) -> JsonObject:
        init: JsonObject = {"name": "init", "state": {"running": {}}}
        if self.node is None:
            return {"initContainerStatuses": [init]}
        return {"initContainerStatuses": [init], "containerStatuses": [self.node.status()]}

    # What happens to it.

    def terminate(self) -> None:
        """It is being deleted."""
        if not self._ending:
            self._world.simulation.after(self._world.draw.uniform(0.01, 0.8), self._terminate)

    def kill_process(self) -> None:
        """SIGKILL to the program that runs in it, if one does."""
        if self.process:
            self.process.signal(Killed("out of memory"))

    def reboot(self) -> None:
        """Its machine: all containers start anew, in the same pod, ``init`` first."""
        if self._ending:
            return
        self._boots += 1
        process, self.process = self.process, None
        if process:
            process.signal(Killed("reboot"))
        restarts = 0
        if self.node:
            self.node.stop()
            restarts = self.node.restarts + 1
        self.node = None
        self._failures = 0
        self._later(BOOT_SECONDS, lambda: self._init(restarts))

    def cut(self, seconds: float) -> None:
        """The machine is out of reach for so long; the sidecar on it goes on until then."""
        self.cut_off = self._ending = True
        assert self.node
        self.node.stop()
        self._world.simulation.after(seconds, self.kill_process)

    # The kubelet's part.

    def _init(self, restarts: int = 0) -> None:
        self._start("init", self._world.run_init, lambda code: self._after_init(code, restarts))

    def _after_init(self, code: int, restarts: int) -> None:
        if code:
            self._later(self._back_off(), lambda: self._init(restarts))
            return
        self._failures = 0
        self.node = self._world.node_container(self)
        self.node.restarts = restarts
        self.node.start()
        self._sidecar()

    def _sidecar(self) -> None:
        self._start("sidecar", self._world.run_sidecar, lambda _: self._later(self._back_off(), self._sidecar))

    def _start(self, name: str, command: Callable[[PodRun, Process], None], after: Callable[[int], None]) -> None:
        began = self._world.simulation.now

        def ended(code: int) -> None:
            self._world.ended(self, name, code)
            if self.process is not process:
                return  # its machine restarts
            self.process = None
            if self._world.simulation.now - began > BACK_OFF_FORGOTTEN_SECONDS:
                self._failures = 0
            if not self._ending:
                after(code)

        process = self.process = Process(self._world.simulation, name, lambda own: command(self, own), ended)

    def _back_off(self) -> float:
        self._failures += 1
        return BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS)) - 1]

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        """Unless it ends or its machine restarts meanwhile."""
        boot = self._boots
        self._world.simulation.after(seconds, lambda: None if self._ending or boot != self._boots else act())

    def _terminate(self) -> None:
        if self._ending:
            return
        self._ending = True
        if self.process:
            self.process.signal(Terminated())
        if self.node:
            self.node.stop()
        self._world.simulation.after(self._world.draw.uniform(1.0, 3.0), lambda: self._world.gone(self))
