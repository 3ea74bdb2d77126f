"""A rig in memory, but for a real data volume: what commands work on, with all but the program played by the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from bootstrap_monitor.adapters.volume.clear import clear
from bootstrap_monitor.adapters.volume.details_file import DetailsFile
from bootstrap_monitor.adapters.volume.restore_marker import RestoreMarker
from bootstrap_monitor.commands import init, wait
from bootstrap_monitor.core import names
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer, NoAnswer
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.verdict.assessment import Limits
from bootstrap_monitor.errors import Terminated
from bootstrap_monitor.steps.image_discovery import Registry
from bootstrap_monitor.steps.starting import Restoring, Volume
from tests.support.clock import FakeClock
from tests.support.cluster import Cluster
from tests.support.manifests import FLOATING, NODE, PINNED, POD, Shape, stateful_set
from tests.support.outcomes import ran

NODE_FILES = ("db/v1.4.5/000001.sst", "chainData/x/y", "process.json")
METRICS = b"""\
# TYPE avalanche_snowman_last_accepted_height gauge
avalanche_snowman_last_accepted_height{chain="C"} 30
avalanche_snowman_last_accepted_height{chain="P"} 7
"""


class RigClock(FakeClock):
    """While somebody sleeps, the controller observes, the kubelet ends a deleted pod, and events come to pass."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.controller = self.kubelet = True
        self._cluster = cluster
        self._events: list[tuple[float, Callable[[], None]]] = []
        self.follow()

    def follow(self, pod: str = POD) -> None:
        """The process whose clock this is runs in the pod of this name that is there now."""
        self._pod, self._uid = pod, self._cluster.pods[pod]["metadata"]["uid"]

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """In so many seconds from now."""
        self._events.append((self.monotonic() + seconds, event))
        self._events.sort(key=lambda item: item[0])

    def forget(self, event: Callable[[], None]) -> None:
        self._events = [item for item in self._events if item[1] is not event]

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        end = self.monotonic() + max(0.0, seconds)
        if self.kubelet and self._own_pod_ends():
            self.advance(1)
            raise Terminated
        while self._events and self._events[0][0] <= end:
            due, event = self._events.pop(0)
            self.advance(due - self.monotonic())
            event()
        self.advance(end - self.monotonic())
        if self.controller:
            self._cluster.observe()

    def _own_pod_ends(self) -> bool:
        metadata = self._cluster.pods.get(self._pod, {}).get("metadata", {})
        return metadata.get("uid") != self._uid or "deletionTimestamp" in metadata


class FakeNode:
    """Answers ``/ext/health`` by these in turn; the last is for all later looks."""

    def __init__(self, *answers: HealthAnswer) -> None:
        self.health = list(answers)
        self.looks = 0
        self.metrics: Callable[[], HealthAnswer] = lambda: HttpAnswer(200, METRICS)
        self.chains: dict[str, bool] = {}
        """What ``info.isBootstrapped`` answers; of others it knows nothing."""

    def post(self, path: str, body: JsonObject) -> HealthAnswer:
        assert (path, body["method"]) == ("/ext/info", "info.isBootstrapped")
        told = self.chains.get(body["params"]["chain"])
        return AWAY if told is None else HttpAnswer(200, json.dumps({"result": {"isBootstrapped": told}}).encode())

    def get(self, path: str) -> HealthAnswer:
        if path == "/ext/metrics":
            return self.metrics()
        self.looks += 1
        return self.health.pop(0) if len(self.health) > 1 else self.health[0]


def health(*, healthy: bool = True, bootstrapping: tuple[str, ...] = ()) -> HttpAnswer:
    check = {"message": list(bootstrapping), **({"error": "not yet"} if bootstrapping else {})}
    body = {"healthy": healthy, "checks": {"bootstrapped": check}}
    return HttpAnswer(200 if healthy else 503, json.dumps(body).encode())


HEALTHY = health()
BOOTSTRAPPING = health(healthy=False, bootstrapping=("11111111111111111111111111111111LpoYY",))
AWAY = NoAnswer("GET /ext/health: ConnectError: refused")


class Count:
    """A count of the disk usage; without a value it is not done yet."""

    def __init__(self, value: int | OSError | None = 3 * 1024**3) -> None:
        self.value = value

    def done(self) -> bool:
        return self.value is not None

    def result(self) -> int:
        if isinstance(self.value, int):
            return self.value
        assert self.value, "asked before it was done"
        raise self.value


class Rig:
    """A StatefulSet, its pod and its volume. The floating tag and the pinned image are there to be run."""

    def __init__(self, folder: Path, image: str = FLOATING, shape: Shape = Shape.FOLDER, **manifest: Any) -> None:
        self.volume = folder / "volume"
        self.volume.mkdir()
        self.node_data = self.volume / shape.value
        runs = {FLOATING: ran(PINNED), PINNED: ran(PINNED)}
        self.cluster = Cluster(stateful_set(image, str(self.volume), shape=shape, **manifest), images=runs)
        self.clock = RigClock(self.cluster)
        self.node = FakeNode(HEALTHY)
        self.count = Count()
        self.registry: Registry | None = None
        self.restoring: Callable[[Path], Restoring] | None = None
        self.space: Callable[[], DiskSpace] = lambda: DiskSpace(total_bytes=100 * 1024**3, available_bytes=60 * 1024**3)

    # The volume.

    def write_details(self, content: JsonObject | bytes) -> None:
        encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
        (self.volume / names.DETAILS_FILE).write_bytes(encoded)

    def read_details(self) -> JsonObject | None:
        file = self.volume / names.DETAILS_FILE
        return json.loads(file.read_bytes()) if file.exists() else None

    def put_node_data(self, text: str = "old") -> None:
        for path in NODE_FILES:
            file = self.node_data / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def files(self) -> dict[str, str]:
        """All that is on the volume but the details."""
        found = (path for path in self.volume.rglob("*") if path.is_file() and path.name != names.DETAILS_FILE)
        return {str(path.relative_to(self.volume)): path.read_text() for path in found}

    def world(self) -> tuple[JsonObject, bytes | None, dict[str, str]]:
        """All that there is, to compare."""
        file = self.volume / names.DETAILS_FILE
        return self.cluster.state(), file.read_bytes() if file.exists() else None, self.files()

    def observed_at_deletions(self) -> list[bool]:
        """From now on, at each deletion, whether the controller had seen the newest template."""
        seen: list[bool] = []

        def note() -> None:
            metadata, status = self.cluster.set["metadata"], self.cluster.set["status"]
            seen.append(status["observedGeneration"] == metadata["generation"])

        self.cluster.always("delete_pod", note)
        return seen

    # The commands.

    def init(self, **options: Any) -> init.Init:
        own = replace(init.Options(POD, NODE, str(self.volume), None, None, timedelta(minutes=10)), **options)
        files = DetailsFile(self.volume), RestoreMarker(self.volume)
        volume = Volume(own.data_dir, *files, clear, self.clock, self.restoring)
        return init.Init(own, self.cluster, volume, self.clock, self.registry)

    def sidecar(self, **options: Any) -> wait.Sidecar:
        """``options`` are fields of the command's options or of their limits."""
        limits = Limits(
            healthy_samples=3,
            stall_timeout=timedelta(hours=6),
            max_restarts=5,
            min_free_percent=5,
            not_started_timeout=timedelta(minutes=30),
            max_duration=None,
        )
        own_limits = {name: options.pop(name) for name in limits.__dataclass_fields__ if name in options}
        own = wait.Options(
            pod_name=POD,
            container=NODE,
            tracked_tag=None,
            limits=replace(limits, **own_limits),
            on_failure=OnFailure.NEXT,
            health_check_interval=timedelta(minutes=1),
            image_check_interval=timedelta(minutes=5),
            probe_timeout=timedelta(minutes=10),
        )
        return wait.start(
            replace(own, **options),
            api=self.cluster,
            node=self.node,
            store=DetailsFile(self.volume),
            space=self.space,
            count_bytes=lambda: self.count,
            clock=self.clock,
            registry=self.registry,
        )

    def watch(self, seconds: float, **options: Any) -> None:
        """The sidecar, until SIGTERM comes: after what is due in so many seconds, or because the pod is deleted."""
        sidecar = self.sidecar(**options)
        self.clock.at(seconds + 0.5, terminate)
        with pytest.raises(Terminated):
            sidecar.run()
        self.clock.forget(terminate)

    def results(self) -> list[JsonObject]:
        """What is stored with the StatefulSet."""
        stored: list[JsonObject] = json.loads(self.annotation(names.RESULTS_ANNOTATION) or "[]")
        return stored

    def attempts(self) -> list[str]:
        """The kinds of attempts that are recorded."""
        return [entry["kind"] for entry in json.loads(self.annotation(names.PIN_ATTEMPTS_ANNOTATION) or "[]")]

    def annotation(self, key: str) -> str | None:
        value: str | None = self.cluster.set["metadata"].get("annotations", {}).get(key)
        return value

    @property
    def template(self) -> JsonObject:
        template: JsonObject = self.cluster.set["spec"]["template"]
        return template


def terminate() -> NoReturn:
    """SIGTERM."""
    raise Terminated


def logged(caplog: pytest.LogCaptureFixture, message: str) -> list[Mapping[str, Any]]:
    """The fields of the entries with this message."""
    return [getattr(record, "fields", {}) for record in caplog.records if record.getMessage() == message]


def messages(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]
