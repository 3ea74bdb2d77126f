"""``wait-for-completion`` after the verdict: the registry is asked first; pods are few."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.core import names
from tests.support.http_server import ScriptedServer, answer
from tests.support.manifests import NEXT_VERSIONS, POD, PROBE, details, pod_image
from tests.support.outcomes import ran, waiting, waits
from tests.support.registry import PATH, Manifest, Store, image, index
from tests.support.rig import Rig, logged, messages

MINUTE = 60.0
IMAGE_CHECK_INTERVAL = 5 * MINUTE
DAY = 24 * 60 * MINUTE
TESTED = image("tested")


@pytest.fixture
def store() -> Store:
    return Store({"latest": TESTED})


@pytest.fixture
def server(store: Store) -> Iterator[ScriptedServer]:
    with ScriptedServer(store) as server:
        yield server


@pytest.fixture
def rig(tmp_path: Path, server: ScriptedServer) -> Rig:
    """A test that has passed; its image is at the server."""
    rig = Rig(tmp_path, named(server, TESTED))
    rig.registry = Registry(rig.clock, timeout=(60, 60))
    rig.cluster.images = {tag(server): ran(named(server, TESTED))}
    rig.write_details(details(named(server, TESTED), repository=tag(server).removesuffix(":latest")))
    rig.watch(2 * MINUTE)
    assert len(rig.results()) == 1
    assert "create_pod" not in rig.cluster.calls
    server.requests.clear()
    rig.cluster.calls.clear()
    return rig


def tag(server: ScriptedServer) -> str:
    return f"{server.host}:{server.port}/{PATH}:latest"


def named(server: ScriptedServer, manifest: Manifest) -> str:
    return f"{server.host}:{server.port}/{PATH}@{manifest.digest}"


def test_288_unchanged_checks_create_no_pod(rig: Rig, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    """A day of them."""
    caplog.clear()
    rig.watch(DAY - IMAGE_CHECK_INTERVAL)
    assert len(logged(caplog, names.IMAGE_UNCHANGED)) == 288
    assert "create_pod" not in rig.cluster.calls
    assert [request.method for request in server.requests] == ["HEAD"] * 288
    assert messages(caplog, logging.WARNING) + messages(caplog, logging.ERROR) == []


def test_288_checks_of_an_index_that_lists_the_tested_image_create_no_pod(
    rig: Rig, server: ScriptedServer, store: Store
) -> None:
    store.tags["latest"] = index(TESTED, image("arm64"))
    rig.watch(DAY - IMAGE_CHECK_INTERVAL)
    assert "create_pod" not in rig.cluster.calls
    assert [request.method for request in server.requests].count("GET") == 1, "which costs pull quota"


@pytest.mark.parametrize("registry", [True, False], ids=["a new digest", "a registry that is away"])
def test_100_probe_timeouts_leave_at_most_one_pod(
    rig: Rig, server: ScriptedServer, store: Store, registry: bool, caplog: pytest.LogCaptureFixture
) -> None:
    store.tags["latest"] = image("next")
    if not registry:
        store.tags.clear()
    rig.cluster.images[tag(server)] = waits(waiting("ErrImagePull", "no such host"))
    at_once: list[int] = []
    rig.cluster.always("get_pod", lambda: at_once.append(len(rig.cluster.pods) - 1))
    caplog.clear()

    rig.watch(100 * IMAGE_CHECK_INTERVAL, probe_timeout=timedelta(minutes=1))

    errors = logged(caplog, "This turn failed; trying again at the next")
    assert len(errors) >= 100
    assert all(fields["error"].startswith("ProbeTimeout: ") for fields in errors)
    assert rig.cluster.calls.count("create_pod") >= 100
    assert max(at_once) == 1
    assert set(rig.cluster.pods) <= {POD, PROBE}
    told = logged(caplog, "The registry cannot tell which image the tag names; a probe pod looks instead")
    assert len(told) == (0 if registry else 1)


def test_a_probe_pod_that_does_not_go_stays_the_only_one(rig: Rig, server: ScriptedServer, store: Store) -> None:
    store.tags["latest"] = image("next")
    rig.cluster.create_pod(
        {"metadata": {"name": PROBE, "finalizers": ["stuck"]}, "spec": {"containers": [{"image": ""}]}}
    )
    rig.watch(60 * MINUTE)
    assert set(rig.cluster.pods) == {POD, PROBE}


def test_a_new_image_is_probed_and_pinned(rig: Rig, server: ScriptedServer, store: Store) -> None:
    store.tags["latest"] = image("next")
    rig.cluster.images[tag(server)] = ran(named(server, image("next")), NEXT_VERSIONS)
    rig.watch(10 * MINUTE)
    rig.cluster.settle()
    assert pod_image(rig.cluster.pod) == named(server, image("next"))
    assert rig.cluster.calls.count("create_pod") == 1


def test_a_tag_that_was_deleted_is_told_once_and_the_probe_decides(
    rig: Rig, server: ScriptedServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.tags.clear()
    caplog.clear()
    rig.watch(DAY - IMAGE_CHECK_INTERVAL)
    assert len(logged(caplog, names.IMAGE_UNCHANGED)) == rig.cluster.calls.count("create_pod") == 288
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.__dict__["fields"]["reason"] == "TagNotFound"


def test_a_registry_that_fails_for_a_day_delays_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer(answer(503)) as away:
        rig = Rig(tmp_path, named(away, TESTED))
        rig.registry = Registry(rig.clock, timeout=(60, 60))
        rig.cluster.images = {tag(away): ran(named(away, TESTED))}
        rig.write_details(details(named(away, TESTED), repository=tag(away).removesuffix(":latest")))
        rig.watch(DAY)
        assert len(away.requests) == 3 * rig.cluster.calls.count("create_pod"), "tries in a row are bounded"
    assert len(messages(caplog, logging.WARNING)) == 1
    assert len(logged(caplog, names.IMAGE_UNCHANGED)) >= 287
