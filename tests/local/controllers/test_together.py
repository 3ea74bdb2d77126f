"""All controllers at once, each in its thread, on one StatefulSet with a claim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import garbage_collector, namespaces
from e2e.clusters.local.controllers.claims import Claims
from e2e.clusters.local.controllers.runner import Runner
from e2e.clusters.local.controllers.stateful_set import StatefulSets
from e2e.clusters.local.settings import Delays
from tests.local.controllers.rig import NEW, NoLogs, stateful_set

NAMESPACE = "tests"
LIMIT_SECONDS = 20


class Cluster:
    def __init__(self, volumes: Path) -> None:
        delays = Delays(0.01)
        self.api = Api(logs=NoLogs())
        self.runner = Runner(
            self.api,
            {
                "stateful-set": StatefulSets(delays, lambda: datetime.now(UTC)).reconcile,
                "claim": Claims(volumes).reconcile,
                "garbage": garbage_collector.reconcile,
                "namespace": namespaces.reconcile,
            },
            delays,
        )

    def until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        version = -1
        while time.monotonic() < deadline:
            if holds():
                return
            version = self.api.wait_for_change(version, 0.1)
        raise AssertionError(f"not in {LIMIT_SECONDS} s: {what}")

    def find(self, kind: str, name: str) -> Json | None:
        try:
            return self.api.get(kind, name, "" if kind == "Namespace" else NAMESPACE)
        except ApiError:
            return None

    def image(self) -> str:
        pod = self.find("Pod", "rig-0")
        return str(pod["spec"]["containers"][0]["image"]) if pod else ""

    def bound(self) -> bool:
        claim = self.find("PersistentVolumeClaim", "data-rig-0")
        return claim is not None and claim["status"]["phase"] == "Bound"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    cluster.runner.start()
    yield cluster
    cluster.runner.stop()


def test_from_a_namespace_to_nothing(cluster: Cluster, tmp_path: Path) -> None:
    api = cluster.api
    api.create({"kind": "Namespace", "metadata": {"name": NAMESPACE}})
    body = stateful_set(claims=("data",), podManagementPolicy="Parallel")
    api.create(body | {"metadata": {"name": "rig", "namespace": NAMESPACE}})
    cluster.until(lambda: cluster.find("Pod", "rig-0") is not None and cluster.bound(), "a pod and its volume")
    (folder,) = tmp_path.iterdir()

    change = {"spec": {"template": {"spec": {"containers": [{"name": "node", "image": NEW}]}}}}
    api.patch("StatefulSet", "rig", change, MERGE, NAMESPACE)
    cluster.until(lambda: cluster.image() == NEW, "a pod of the new image")

    api.delete("StatefulSet", "rig", NAMESPACE)
    cluster.until(lambda: cluster.find("Pod", "rig-0") is None, "the pod gone with its owner")
    assert cluster.bound()
    assert folder.is_dir()

    api.delete("Namespace", NAMESPACE)
    cluster.until(lambda: cluster.find("Namespace", NAMESPACE) is None, "the namespace gone")
    cluster.until(lambda: not api.list("PersistentVolume")["items"], "the volume gone")
    assert not folder.exists()
