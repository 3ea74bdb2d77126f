"""Two tiers: what the registry settles takes no pod; what it does not, a probe pod decides."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.core import details as test_details
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core import names, results
from bootstrap_monitor.core.next_image import Next
from bootstrap_monitor.core.registry.cannot_tell import Reason
from bootstrap_monitor.core.running_test import RunningTest, running_test
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.steps.image_discovery import Discovery, ImageDiscovery
from tests.support.http_server import Handler, ScriptedServer, Step, answer, refusing_url
from tests.support.manifests import NEXT_VERSIONS, NODE, POD, PROBE, details
from tests.support.outcomes import ran
from tests.support.registry import BAD, DIGEST_HEADER, PATH, Manifest, Store, by_method, image, index
from tests.support.rig import Rig, logged, messages

TESTED, OTHER = image("tested"), image("other")
WARNING = "The registry cannot tell which image the tag names; a probe pod looks instead"


class World:
    """A test of ``tested`` that has its verdict; what a probe pod would run is under the tag in the cluster."""

    def __init__(self, folder: Path, host: str, tested: Manifest = TESTED, *, registry: bool = True) -> None:
        self.repository = f"{host}/{PATH}"
        pinned = self.of(tested)
        self.rig = Rig(folder, pinned)
        self.runs(OTHER)
        read = test_details.parse(json.dumps(details(pinned, repository=self.repository)).encode())
        self.test: RunningTest = running_test(self.rig.cluster.get_pod(POD), NODE, read)
        asked = Registry(self.rig.clock, timeout=(60, 60)) if registry else None
        self.discovery = ImageDiscovery(self.rig.cluster, self.rig.clock, asked, NODE, timedelta(minutes=2))

    def of(self, manifest: Manifest) -> str:
        return f"{self.repository}@{manifest.digest}"

    def runs(self, manifest: Manifest) -> None:
        self.rig.cluster.images[f"{self.repository}:latest"] = ran(self.of(manifest), NEXT_VERSIONS)

    def has_verdict(self, manifest: Manifest) -> None:
        fingerprint = {**self.test.fingerprint.fields(), "image": manifest.digest}
        entry = {"fingerprint": type(self.test.fingerprint)(**fingerprint).hash()}
        self.rig.cluster.edit({"metadata": {"annotations": {names.RESULTS_ANNOTATION: results.encode([entry])}}})

    def look(self) -> Discovery:
        tag = image_reference.parse(f"{self.repository}:latest")
        return self.discovery.look(tag, self.test, StatefulSet(self.rig.cluster.set))

    @property
    def probes(self) -> int:
        assert PROBE not in self.rig.cluster.pods
        return self.rig.cluster.calls.count("create_pod")


@pytest.fixture
def store() -> Store:
    return Store({"latest": TESTED})


@pytest.fixture
def server(store: Store) -> Iterator[ScriptedServer]:
    with ScriptedServer(store) as server:
        yield server


def host(server: ScriptedServer) -> str:
    return f"{server.host}:{server.port}"


def test_the_tested_digest_is_unchanged_by_one_head(
    tmp_path: Path, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, host(server))
    found = world.look()
    assert (found.meaning, str(found.image), world.probes) == (Next.UNCHANGED, world.of(TESTED), 0)
    assert [request.method for request in server.requests] == ["HEAD"]
    assert caplog.records == []


def test_another_digest_is_probed_and_what_ran_is_told(tmp_path: Path, server: ScriptedServer, store: Store) -> None:
    store.tags["latest"] = OTHER
    world = World(tmp_path, host(server))
    found = world.look()
    assert (found.meaning, str(found.image), found.versions) == (Next.NEW, world.of(OTHER), NEXT_VERSIONS)
    assert world.probes == 1


def test_a_digest_with_a_verdict_takes_no_pod(tmp_path: Path, server: ScriptedServer, store: Store) -> None:
    """The tag moved back."""
    store.tags["latest"] = OTHER
    world = World(tmp_path, host(server))
    world.has_verdict(OTHER)
    assert (world.look().meaning, world.probes) == (Next.ALREADY_TESTED, 0)
    assert [request.method for request in server.requests] == ["HEAD"]


def test_an_index_that_lists_the_tested_manifest_is_the_same_image(
    tmp_path: Path, server: ScriptedServer, store: Store
) -> None:
    store.tags["latest"] = index(image("arm64"), TESTED)
    world = World(tmp_path, host(server))
    assert [world.look().meaning for _ in range(3)] == [Next.UNCHANGED] * 3
    assert world.probes == 0
    assert [request.method for request in server.requests] == ["HEAD", "GET", "HEAD", "HEAD"]


def test_a_manifest_that_the_tested_index_lists_is_the_same_image(
    tmp_path: Path, server: ScriptedServer, store: Store
) -> None:
    tested = index(image("arm64"), OTHER)
    store.tags, store.manifests = {"latest": OTHER}, [tested]
    world = World(tmp_path, host(server), tested)
    assert [world.look().meaning for _ in range(3)] == [Next.UNCHANGED] * 3
    assert world.probes == 0


def test_an_index_that_lists_a_manifest_with_a_verdict_is_already_tested(
    tmp_path: Path, server: ScriptedServer, store: Store
) -> None:
    store.tags["latest"] = index(OTHER)
    world = World(tmp_path, host(server))
    world.has_verdict(OTHER)
    assert (world.look().meaning, world.probes) == (Next.ALREADY_TESTED, 0)


@pytest.mark.parametrize("lists", [OTHER, TESTED], ids=["another", "the same"])
def test_an_index_that_lists_another_manifest_is_new(tmp_path: Path, server: ScriptedServer, lists: Manifest) -> None:
    """Also where both indexes share a manifest: what they say of other platforms may differ."""
    tested, named = index(lists, image("arm64")), index(TESTED, image("other arm64"))
    with ScriptedServer(Store({"latest": named}, [tested])) as other:
        world = World(tmp_path, host(other), tested)
        world.runs(named)
        assert (world.look().meaning, world.probes) == (Next.NEW, 1)


def test_a_tested_image_that_the_registry_has_no_more_is_no_trouble(
    tmp_path: Path, server: ScriptedServer, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Clean-up removes what no tag names."""
    store.tags["latest"] = OTHER
    world = World(tmp_path, host(server))
    assert (world.look().meaning, world.probes) == (Next.NEW, 1)
    assert server.requests[-1].path.endswith(TESTED.digest)
    assert messages(caplog, logging.WARNING) == []


def test_what_the_probe_ran_is_compared_too(tmp_path: Path, server: ScriptedServer, store: Store) -> None:
    """The tag moved back meanwhile, and the runtime tells the platform's manifest of the tested index."""
    tested = index(TESTED)
    store.tags, store.manifests = {"latest": OTHER}, [tested, TESTED]
    world = World(tmp_path, host(server), tested)
    world.runs(TESTED)
    found = world.look()
    assert (found.meaning, str(found.image), world.probes) == (Next.UNCHANGED, world.of(TESTED), 1)


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD)
def test_whatever_the_registry_does_the_probe_decides(
    tmp_path: Path, step: Step, reason: Reason, caplog: pytest.LogCaptureFixture
) -> None:
    """Never "unchanged"."""
    with ScriptedServer(step) as bad:
        world = World(tmp_path, host(bad))
        found = world.look()

    assert (found.meaning, str(found.image), world.probes) == (Next.NEW, world.of(OTHER), 1)
    assert [fields["reason"] for fields in logged(caplog, WARNING)] == [reason]


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD)
def test_nor_is_a_named_digest_unchanged_when_the_rest_fails(tmp_path: Path, step: Step, reason: Reason) -> None:
    """It says which digest the tag names, and not what it lists."""
    head = answer(200, b"", {DIGEST_HEADER: OTHER.digest})
    with ScriptedServer(by_method(head, step)) as bad:
        world = World(tmp_path, host(bad))
        assert (world.look().meaning, world.probes) == (Next.NEW, 1)


def test_a_registry_that_lies_about_an_index_is_not_believed(tmp_path: Path) -> None:
    named = index(OTHER)
    lie = by_method(answer(200, b"", {DIGEST_HEADER: named.digest}), answer(200, index(TESTED).body))
    with ScriptedServer(lie) as liar:
        world = World(tmp_path, host(liar))
        assert (world.look().meaning, world.probes) == (Next.NEW, 1)


def test_a_registry_that_is_away_and_an_unchanged_image(tmp_path: Path) -> None:
    world = World(tmp_path, refusing_url().removeprefix("http://"))
    world.runs(TESTED)
    assert (world.look().meaning, world.probes) == (Next.UNCHANGED, 1)


def test_without_the_check_nobody_is_asked(
    tmp_path: Path, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, host(server), registry=False)
    assert (world.look().meaning, world.probes) == (Next.NEW, 1)
    assert server.requests == []
    assert messages(caplog, logging.WARNING) == []


def test_trouble_is_told_once_for_each_kind(tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    behaviour: list[Step] = []

    def behave(handler: Handler) -> None:
        behaviour[-1](handler)

    with ScriptedServer(behave) as server:
        world = World(tmp_path, host(server))
        world.runs(TESTED)

        def looks(step: Step) -> tuple[list[str], int]:
            behaviour.append(step)
            caplog.clear()
            for _ in range(3):
                assert world.look().meaning is Next.UNCHANGED
            return [fields["reason"] for fields in logged(caplog, WARNING)], len(
                logged(caplog, "The registry answers again")
            )

        assert looks(answer(404)) == (["TagNotFound"], 0), "the tag was deleted"
        assert looks(answer(404)) == ([], 0)
        assert looks(answer(500)) == (["RegistryServerError"], 0)
        assert looks(answer(502)) == ([], 0)
        assert looks(store) == ([], 1)
        assert looks(store) == ([], 0)
        assert looks(answer(404)) == (["TagNotFound"], 0)
