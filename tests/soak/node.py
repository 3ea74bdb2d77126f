"""The node's container in one pod: runs an image on the volume, crashes, answers."""

from __future__ import annotations

import random
from collections.abc import Callable

from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer
from bootstrap_monitor.core.json import JsonObject
from tests.soak.images import Image, Kind
from tests.soak.simulation import MINUTE, Simulation
from tests.soak.volume import ENTRIES, Volume
from tests.support.manifests import NODE
from tests.support.rig import AWAY

BACK_OFF_SECONDS = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
CRASH_SECONDS = MINUTE
HICCUPS = 0.002
GIB = 1024**3


class NodeContainer:
    """``started`` is told before it touches the volume."""

    def __init__(
        self,
        simulation: Simulation,
        draw: random.Random,
        volume: Volume,
        image: Image,
        *,
        test: Callable[[], str],
        started: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self.image = image
        self.restarts = 0
        self._simulation = simulation
        self._draw = draw
        self._volume = volume
        self._test = test
        self._started = started
        self._changed = changed
        self._since: float | None = None
        self._waiting = ""
        self._run = 0

    def start(self) -> None:
        self._run += 1
        if self.image.kind in {Kind.VANISHES, Kind.NOT_PULLED}:
            self._waiting = "ErrImagePull"
            self._changed()
            return
        self._started()
        if not self._volume.data:
            self._volume.ran_seconds = 0.0
            self._volume.data = dict.fromkeys(ENTRIES, self._test())
        self._since, self._waiting = self._simulation.now, ""
        if self.image.kind is Kind.CRASHES:
            run = self._run
            self._simulation.after(CRASH_SECONDS, lambda: self._crash(run))
        self._changed()

    def stop(self) -> None:
        self._run += 1
        if self._since is not None:
            self._volume.ran_seconds += self._simulation.now - self._since
        self._since = None

    @property
    def ran_seconds(self) -> float:
        """On this data, over all starts."""
        now = 0.0 if self._since is None else self._simulation.now - self._since
        return self._volume.ran_seconds + now

    @property
    def healthy(self) -> bool:
        good = self.image.kind in {Kind.GOOD, Kind.LATE}
        return self._since is not None and good and self.image.bootstrapped(self.ran_seconds)

    @property
    def decided(self) -> bool:
        return self.image.decided(self.ran_seconds)

    def status(self) -> JsonObject:
        state: JsonObject = {"running": {}}
        if self._since is None:
            state = {"waiting": {"reason": self._waiting or "ContainerCreating", "message": "back-off"}}
        ended = {"lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}} if self.restarts else {}
        return {"name": NODE, "restartCount": self.restarts, "state": state, **ended}

    # What the sidecar sees.

    def get(self, path: str) -> HealthAnswer:
        if self._since is None or self._draw.random() < HICCUPS:
            return AWAY
        ran = self.ran_seconds
        if path == "/ext/health":
            return self.image.health(ran)
        height = int(self.image.synced_seconds(ran))
        return HttpAnswer(200, b'avalanche_snowman_last_accepted_height{chain="C"} %d\n' % height)

    def post(self, path: str, body: JsonObject) -> HealthAnswer:
        return AWAY

    @staticmethod
    def space() -> DiskSpace:
        return DiskSpace(total_bytes=100 * GIB, available_bytes=60 * GIB)

    def _crash(self, run: int) -> None:
        if run != self._run:
            return
        self.stop()
        self._waiting = "CrashLoopBackOff"
        self._changed()
        again = self._run
        back_off = BACK_OFF_SECONDS[min(self.restarts, len(BACK_OFF_SECONDS) - 1)]
        self._simulation.after(back_off, lambda: self._restart(again))

    def _restart(self, run: int) -> None:
        if run == self._run:
            self.restarts += 1
            self.start()
