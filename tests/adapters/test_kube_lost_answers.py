"""A write is done and its answer is lost: the try after it meets its success, as the adapter's docstring says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import AlreadyExists, ApiError, Conflict, NotFound
from tests.support.clock import FakeClock
from tests.support.cluster import Cluster
from tests.support.cluster_http import serve
from tests.support.http_server import Request, Step, cut, hang, raw, reset
from tests.support.kube_api import connect
from tests.support.manifests import NODE, PINNED, POD, PROBE, SET, stateful_set, template_image

OTHER = "registry.example/other:1"
LOSSES = {"reset": reset(), "closed": raw(b""), "cut in mid-body": cut(b'{"kind": "Pod"'), "silent": hang()}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(stateful_set(PINNED, "/data"))
    cluster.create_pod(probe_body())
    return cluster


def probe_body(name: str = PROBE) -> JsonObject:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "probe", "image": OTHER}]}}


def uid(cluster: Cluster, name: str) -> str:
    return str(cluster.pods[name]["metadata"]["uid"])


def after_one_loss(
    cluster: Cluster,
    loss: Step,
    call: Callable[[Kube], Any],
    folder: Path,
    meanwhile: Callable[[], None] = lambda: None,
) -> Any:
    """What the call ends with; ``meanwhile`` happens between the lost answer and the next try."""
    left = [loss]

    def lost(request: Request) -> Step | None:
        if not left:
            return None
        meanwhile()
        return left.pop()

    clock = FakeClock()
    with serve(cluster, lost) as server:
        try:
            # Enough for each later answer, and not much to wait for the lost one.
            return call(connect(folder, server.url, clock, read_seconds=0.5 if loss is LOSSES["silent"] else 60))
        except ApiError as error:
            return type(error)
        finally:
            assert len(clock.sleeps) == 1


@every_loss
def test_a_create_ends_as_already_existing(cluster: Cluster, loss: Step, tmp_path: Path) -> None:
    ended = after_one_loss(cluster, loss, lambda kube: kube.create_pod(probe_body("new")), tmp_path)
    assert ended is AlreadyExists
    assert cluster.calls.count("create_pod") == 3, "the fixture's, the lost one and the next"
    assert "new" in cluster.pods


@every_loss
def test_a_delete_ends_as_not_found(cluster: Cluster, loss: Step, tmp_path: Path) -> None:
    own = uid(cluster, PROBE)
    assert after_one_loss(cluster, loss, lambda kube: kube.delete_pod(PROBE, uid=own), tmp_path) is NotFound
    assert PROBE not in cluster.pods


@every_loss
def test_a_delete_of_a_pod_that_takes_its_time_ends_well(cluster: Cluster, loss: Step, tmp_path: Path) -> None:
    own = uid(cluster, POD)
    assert after_one_loss(cluster, loss, lambda kube: kube.delete_pod(POD, uid=own), tmp_path) is None
    assert "deletionTimestamp" in cluster.pod["metadata"]


@pytest.mark.parametrize("named", [True, False], ids=["with its uid", "without"])
def test_a_successor_is_only_safe_from_a_delete_with_a_uid(cluster: Cluster, named: bool, tmp_path: Path) -> None:
    own = uid(cluster, PROBE)
    ended = after_one_loss(
        cluster,
        LOSSES["reset"],
        lambda kube: kube.delete_pod(PROBE, uid=own if named else None),
        tmp_path,
        meanwhile=lambda: cluster.pods.update({PROBE: {**probe_body(), "metadata": {"name": PROBE, "uid": "next"}}}),
    )
    assert ended is (Conflict if named else None)
    assert (PROBE in cluster.pods) is named


def image_patch(resource_version: str | None) -> JsonObject:
    metadata = {"metadata": {"resourceVersion": resource_version}} if resource_version else {}
    return {**metadata, "spec": {"template": {"spec": {"containers": [{"name": NODE, "image": OTHER}]}}}}


@every_loss
@pytest.mark.parametrize("guarded", [True, False], ids=["with a resourceVersion", "without"])
def test_a_patch_is_done_once(cluster: Cluster, loss: Step, guarded: bool, tmp_path: Path) -> None:
    patch = image_patch(cluster.set["metadata"]["resourceVersion"] if guarded else None)
    ended = after_one_loss(cluster, loss, lambda kube: kube.patch_stateful_set(SET, patch, strategic=True), tmp_path)
    assert ended is Conflict if guarded else template_image(ended) == OTHER
    assert template_image(cluster.set) == OTHER
    assert cluster.set["metadata"]["generation"] == 2
