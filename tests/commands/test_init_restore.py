"""``init`` with an archive: a new test starts from its database, and a running one never asks for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor import restore_wiring
from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.marker import Marker, State, parse
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.errors import ExitCode, MonitorError, TransientError
from bootstrap_monitor.steps.restoring import Restoring
from tests.support import trees
from tests.support.kills import observed
from tests.support.manifests import NEXT, NODE, PINNED, Shape, details
from tests.support.origin import METADATA, URL, A, B, Origin, metadata, tree
from tests.support.rig import Rig, logged

OTHER = "https://archives.example.com/other.tar"


class World:
    """A rig, and an origin of archives."""

    def __init__(self, folder: Path, shape: Shape) -> None:
        self.rig = Rig(folder, PINNED, shape)
        self.origin = Origin({URL: A, OTHER: B})
        self.rig.write_details(details(NEXT))
        self.rig.put_node_data()

    def init(self, url: str = URL, **options: Any) -> ExitCode:
        request = Request(source_name.parse(url), reserve=Reserve(0.0, 0), **options)

        def restoring(folder: Path) -> Restoring:
            wired = restore_wiring.restoring(request, self.rig.volume, self.rig.clock)(folder)
            return replace(wired, open_source=self.origin.open)

        self.rig.restoring = restoring
        return self.rig.init(initial_db_archive=request.source.shown).run()

    def error(self, **options: Any) -> MonitorError:
        with pytest.raises(MonitorError) as caught:
            self.init(**options)
        return caught.value

    def begun(self) -> Marker:
        """An ``init`` that is ended in the archive's middle."""

        def away(_address: str, position: int) -> None:
            if position:
                raise TransientError("away", reason="SourceUnreachable")

        self.origin.before_chunk = away
        assert self.error().reason == "SourceUnreachable"
        self.origin.before_chunk = lambda _address, _position: None
        self.origin.asked.clear()
        assert self.rig.read_details() is None
        marker = self.marker
        assert marker
        return marker

    @property
    def marker(self) -> Marker | None:
        file = self.rig.volume / names.RESTORE_MARKER
        return parse(file.read_bytes()) if file.exists() else None

    def mark(self, marker: Marker) -> None:
        (self.rig.volume / names.RESTORE_MARKER).write_bytes(marker.encode())

    @property
    def node_data(self) -> JsonObject:
        """All that the node has on the volume."""
        everything = trees.read(self.rig.node_data)
        return {name: content for name, content in everything.items() if name not in names.OWN_FILES}


@pytest.fixture(params=Shape)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, request.param)


def test_a_new_test_is_cleared_restored_and_then_named(world: World) -> None:
    (world.rig.volume / names.SHELL_MARKER).touch()
    world.origin.before_chunk = lambda _address, _position: world.rig.clock.advance(60)
    with observed() as seen:
        assert world.init() is ExitCode.DONE

    assert world.node_data == {"db": tree("a")}
    assert not (world.rig.volume / names.SHELL_MARKER).exists()
    assert world.marker is None
    written = world.rig.read_details()
    assert written
    assert written["fingerprint"]["initial_db_archive"] == URL
    identity = world.origin.identity_of(URL)
    assert (written["initialDbArchive"]["source"], written["initialDbArchive"]["etag"]) == (URL, identity.etag)
    assert written["initialDbArchive"]["size"] == len(A)
    assert written["startTime"] == world.rig.clock.now().isoformat(), "a test starts when its database is there"
    order = [name.removeprefix("before ") for name in dict.fromkeys(seen) if name.startswith("before ")]
    steps = [name for name in order if not name.startswith("restore.make")]
    assert steps == [
        "volume.remove details",
        "volume.remove entry",
        "restore.write marker",
        "volume.write temporary details",
        "volume.rename details",
        "restore.remove marker",
    ]


def test_a_resumed_test_never_asks_the_source(world: World) -> None:
    world.init()
    world.origin.objects.clear()
    world.origin.asked.clear()
    (world.rig.node_data / "db/000002.ldb").write_text("of the node")
    before = world.rig.world()
    assert world.init() is ExitCode.DONE
    assert (world.origin.asked, world.rig.world()) == ([], before)


def test_a_marker_that_a_killed_init_left_beside_the_details_goes(world: World) -> None:
    marker = replace(world.begun(), state=State.RESTORED)
    world.init()
    world.mark(marker)
    world.origin.asked.clear()
    world.init()
    assert (world.marker, world.origin.asked) == (None, [])


@pytest.mark.parametrize("url", [f"{URL}?X-Amz-Signature=other", "https://user:password@archives.example.com/fuji.tar"])
def test_another_signature_is_no_other_archive(world: World, url: str) -> None:
    world.init()
    world.origin.asked.clear()
    world.init(url=url)
    assert world.origin.asked == []


def test_another_archive_is_another_test(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.init()
    world.init(url=OTHER)
    assert world.node_data == {"db": tree("b")}
    assert logged(caplog, "Decided")[-1]["reason"] == "InitialDbArchiveChanged"


def test_a_restore_that_was_cut_goes_on_without_clearing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.begun()
    (world.rig.node_data / "kept").write_bytes(b"")
    world.init()
    assert logged(caplog, "Decided")[-1]["reason"] == "RestoreNotDone"
    assert world.node_data == {"db": tree("a"), "kept": b""}
    assert world.marker is None


def test_a_restore_that_is_done_needs_its_details_alone(world: World) -> None:
    world.mark(replace(world.begun(), state=State.RESTORED))
    trees.make(world.rig.node_data, {"db": tree("w")})
    world.init()
    assert world.origin.asked == []
    assert world.node_data == {"db": tree("w")}
    assert world.rig.read_details()


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"schema":2}'], ids=["another test's", "empty", "cut", "newer"])
def test_any_other_marker_clears(world: World, content: bytes | None) -> None:
    marker = replace(world.begun(), state=State.RESTORED, test="another")
    (world.rig.volume / names.RESTORE_MARKER).write_bytes(marker.encode() if content is None else content)
    (world.rig.node_data / "kept").write_bytes(b"")
    world.init()
    assert world.node_data == {"db": tree("a")}


def test_without_an_archive_a_marker_is_of_no_meaning(world: World) -> None:
    world.begun()
    world.rig.restoring = None
    assert world.rig.init().run() is ExitCode.DONE
    assert (world.marker, world.rig.files()) == (None, {})


def test_a_marker_that_cannot_be_read_changes_nothing(world: World) -> None:
    (world.rig.volume / names.RESTORE_MARKER).mkdir()
    before = world.rig.world()
    error = world.error()
    assert (error.reason, error.exit_code) == ("DataVolumeError", ExitCode.TRY_AGAIN)
    assert (world.rig.world(), world.origin.asked) == (before, [])


def test_an_archive_that_failed_is_refused_by_each_later_init(world: World) -> None:
    options = {"sha256": "0" * 64}
    assert world.error(**options).reason == "ArchiveHashMismatch"
    assert "db" not in (world.node_data if world.rig.node_data.exists() else {})
    world.origin.asked.clear()
    error = world.error(**options)
    assert (error.reason, error.exit_code) == ("RestoreRefused", ExitCode.CONFIGURATION)
    assert (world.origin.asked, world.rig.read_details()) == ([], None)
    world.init()
    assert world.node_data == {"db": tree("a")}


ANOTHER = {"network": metadata(network="mainnet"), "sync mode": metadata(network="5", syncMode="full-sync")}


@pytest.mark.parametrize(("what", "content"), ANOTHER.items(), ids=ANOTHER.keys())
def test_an_archive_of_another_test_is_not_read(world: World, what: str, content: bytes) -> None:
    world.origin.objects[METADATA] = content
    error = world.error()
    assert (error.reason, error.exit_code) == ("ArchiveOfAnotherTest", ExitCode.CONFIGURATION)
    assert f"of the {what} `" in error.what
    assert (URL, 0) not in world.origin.starts


@pytest.mark.parametrize("network", ["fuji", "testnet", "5", "network-5"])
def test_an_archive_of_this_test_in_other_words(world: World, network: str) -> None:
    world.origin.objects[METADATA] = metadata(network=network, syncMode="c-chain-state-sync")
    assert world.init() is ExitCode.DONE


def test_a_database_of_another_name_is_told_before_anything_is_removed(world: World) -> None:
    for container in world.rig.cluster.pod["spec"]["containers"]:
        if container["name"] == NODE:
            container["env"].append({"name": "AVAGO_DB_DIR", "value": "/data/avalanchego/database"})
    before = world.rig.files()
    assert world.error().reason == "DatabaseNotNamedDb"
    assert (world.rig.files(), world.rig.read_details()) == (before, details(NEXT))


def test_a_dry_run_asks_nobody(world: World) -> None:
    before = world.rig.world()
    world.rig.restoring = None
    assert URL in world.rig.init(initial_db_archive=URL).dry_run()
    assert (world.rig.world(), world.origin.asked) == (before, [])
