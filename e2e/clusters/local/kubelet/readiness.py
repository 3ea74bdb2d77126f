"""Readiness probes: HTTP, a connection, or a command, from time to time while the container runs."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.kubelet.containers import Start
from e2e.clusters.local.settings import Delays

NODE_PORT = 9650
SHORTEST_PERIOD_SECONDS = 0.05
SHORTEST_READY_PERIOD_SECONDS = 0.25
"""Whether it still is ready may be known a little later."""


@dataclass(frozen=True)
class Address:
    """Where a pod's servers listen."""

    host: str
    port: int
    """What stands for the node's port where all pods share one host."""

    def port_of(self, container: Json, port: int | str) -> int:
        """A port by number or name."""
        named = {one.get("name"): one["containerPort"] for one in container.get("ports") or []}
        number = int(named.get(port, port))
        return self.port if number == NODE_PORT else number


class Readiness:
    """A thread that probes a container until ``stop``; ``changed`` is called when the result is another."""

    def __init__(self, probe: Json, succeeds: Callable[[], bool], delays: Delays, changed: Callable[[], None]) -> None:
        self.ready = False
        self._probe = probe
        self._succeeds = succeeds
        self._delays = delays
        self._changed = changed
        self._stopping = threading.Event()
        threading.Thread(target=self._run, name="readiness", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        period = self._delays.seconds(self._probe.get("periodSeconds") or 10)
        results = 0
        wait = self._delays.seconds(self._probe.get("initialDelaySeconds") or 0)
        while not self._stopping.wait(wait):
            if self._succeeds() == self.ready:
                results = 0
            else:
                results += 1
                threshold = "failureThreshold" if self.ready else "successThreshold"
                if results >= (self._probe.get(threshold) or {"failureThreshold": 3}.get(threshold, 1)):
                    results, self.ready = 0, not self.ready
                    self._changed()
            wait = max(period, SHORTEST_READY_PERIOD_SECONDS if self.ready else SHORTEST_PERIOD_SECONDS)


def attempt(container: Json, address: Address, start: Start, group: int) -> bool:
    """Whether the container's readiness probe succeeds now. A command is in its group, and ends with it."""
    probe = container["readinessProbe"]
    timeout_seconds = float(probe.get("timeoutSeconds") or 1)
    with contextlib.suppress(OSError, http.client.HTTPException, subprocess.TimeoutExpired, ValueError):
        if asked := probe.get("httpGet"):
            return _get(asked, address.port_of(container, asked["port"]), address.host, timeout_seconds)
        if asked := probe.get("tcpSocket"):
            place = asked.get("host") or address.host, address.port_of(container, asked["port"])
            socket.create_connection(place, timeout_seconds).close()
            return True
        ended = subprocess.call(
            probe["exec"]["command"],
            cwd=start.folder,
            env=start.environment,
            timeout=timeout_seconds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=group,
        )
        return ended == 0
    return False


def _get(asked: Json, port: int, host: str, timeout_seconds: float) -> bool:
    headers = {"User-Agent": "kube-probe/1.34"} | {one["name"]: one["value"] for one in asked.get("httpHeaders") or []}
    connection = http.client.HTTPConnection(asked.get("host") or host, port, timeout=timeout_seconds)
    with contextlib.closing(connection):
        connection.request("GET", asked.get("path") or "/", headers=headers)
        return 200 <= connection.getresponse().status < 400
