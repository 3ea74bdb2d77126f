"""The components as processes: which run, which were stopped, and waiting until they do their work."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.api import Api
from e2e.clusters.host.components import NAMES, Components
from e2e.clusters.host.health import healthy
from e2e.clusters.host.processes import Records

START_SECONDS = 120.0


class Running:
    """The components of the cluster in one state folder."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._layout = components.layout
        self._records = Records(components.layout.processes)

    def start(self, *names: str) -> None:
        home = {"HOME": str(self._layout.root)}
        for name in names:
            log = self._layout.logs / f"{name}.log"
            self._records.start(name, self._components.commands[name], log, home)

    def stop(self, name: str) -> None:
        self._records.stop(name)

    def stopped(self) -> list[str]:
        """Those without a record were stopped by intent; one that has died still has its record."""
        recorded = self._records.all()
        return [name for name in NAMES if name not in recorded]

    def dead(self) -> list[str]:
        recorded = self._records.all()
        return [name for name, process in recorded.items() if not process.alive()]

    def wait_for(self, *names: str, seconds: float = START_SECONDS) -> None:
        for name in names:
            self._wait(partial(healthy, name, self._layout), name, names, seconds)

    def wait_for_node(self, seconds: float = START_SECONDS) -> None:
        api = Api(self._layout)
        self._wait(api.node_ready, "the node to be ready", NAMES, seconds)
        self._wait(api.pods_can_start, "the default service account", NAMES, seconds)

    def _wait(self, condition: Callable[[], bool], what: str, needed: tuple[str, ...], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            # First: where another process holds its port, the condition may be true all the same.
            for name in self.dead():
                if name in needed:
                    raise ClusterError(f"{name} has ended; the cluster was waiting for {what}", self._log_end(name))
            if condition():
                return
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"the cluster waited for {what}, in vain for {seconds:.0f} s",
                    f"read the logs in {self._layout.logs}, then run `scripts/cluster host up` again",
                )
            time.sleep(0.1)

    def _log_end(self, name: str) -> str:
        log = self._layout.logs / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
        return "\n".join([f"see the end of {log}, where another process may hold its port:", *lines])
