"""Making the volume that of a new test: in which order, and what a failure leaves."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest

from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.init_acts import StartTest
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.marker import Marker, State
from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from bootstrap_monitor.steps.starting import Volume
from tests.support.clock import FakeClock

CONFIG = TestConfig("fuji", SyncMode.FULL_SYNC, "", "image", None)
PLACES = NodeData(("/data/node",), "/data", "/data/node/db")
MARKER = Marker("test", State.RESTORED, "/archive.tar", Identity(7, '"etag"'), "ab" * 32)


@dataclass
class Acts:
    """What is done to a volume, in order; an act whose name begins with a key of ``errors`` fails."""

    errors: dict[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)

    def do(self, act: str) -> None:
        for name, error in self.errors.items():
            if act.startswith(name):
                raise error
        self.done.append(act)

    def volume(self, *, restores: bool = True, data_dir: str = "/data") -> Volume:
        def clear(root: Path, relative: str, *, keep: frozenset[str], progress: Callable[[int], None]) -> None:
            del keep, progress
            self.do(f"clear {root / relative}")

        def restoring(folder: Path) -> _Restoring:
            return _Restoring(self, folder)

        return Volume(
            data_dir, _Details(self), _Marker(self), clear, self.clock, restoring=restoring if restores else None
        )

    def start(self, *, going_on: bool = False, set_aside: bool = False, restores: bool = True) -> Details:
        act = StartTest(Details("image", "before"), "test", PLACES, set_aside, going_on)
        return self.volume(restores=restores).start(act, CONFIG)


@dataclass
class _Details:
    acts: Acts

    def read(self) -> bytes | None:
        return None

    def write(self, content: bytes) -> None:
        self.acts.do("write details")
        self.acts.written.append(content)

    def remove(self) -> None:
        self.acts.do("remove details")

    def set_aside(self) -> None:
        self.acts.do("set details aside")


@dataclass
class _Marker:
    acts: Acts

    def read(self) -> bytes | None:
        return None

    def remove(self) -> None:
        self.acts.do("remove marker")


@dataclass
class _Restoring:
    acts: Acts
    folder: Path

    def run(self, test: str, config: TestConfig | None) -> Marker:
        assert config is CONFIG
        self.acts.do(f"restore for {test} into {self.folder}")
        self.acts.clock.advance(3600)
        return MARKER


CLEARED = ["clear /data/node", "clear /data/.db-initialized"]
RESTORED = ["restore for test into /data/node"]
NAMED = ["write details", "remove marker"]
ORDERS = {
    "new": ({}, ["remove marker", "remove details", *CLEARED, *RESTORED, *NAMED]),
    "malformed details": ({"set_aside": True}, ["remove marker", "set details aside", *CLEARED, *RESTORED, *NAMED]),
    "going on": ({"going_on": True}, [*RESTORED, *NAMED]),
    "without an archive": ({"restores": False}, ["remove marker", "remove details", *CLEARED, *NAMED]),
}


@pytest.mark.parametrize(("how", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_order(how: dict[str, bool], order: list[str]) -> None:
    acts = Acts()
    acts.start(**how)
    assert acts.done == order


def test_the_details_tell_of_the_archive_and_of_when_it_was_there() -> None:
    acts = Acts()
    written = acts.start()
    [content] = acts.written
    assert written.encode() == content
    assert orjson.loads(content) == {
        "image": "image",
        "startTime": acts.clock.now().isoformat(),
        "schema": 1,
        "initialDbArchive": {"source": "/archive.tar", "size": 7, "etag": '"etag"', "sha256": "ab" * 32},
    }


def test_without_an_archive_they_are_as_decided() -> None:
    assert Acts().start(restores=False) == Details("image", "before")


@pytest.mark.parametrize("error", [ConfigurationError("no"), TransientError("later")])
def test_a_restore_that_fails_leaves_its_marker_and_no_details(error: MonitorError) -> None:
    acts = Acts({"restore": error})
    with pytest.raises(type(error)) as caught:
        acts.start(going_on=True)
    assert caught.value is error
    assert acts.done == []


@pytest.mark.parametrize("act", ["remove marker", "remove details", "write details"])
def test_a_volume_that_fails_is_for_a_later_try(act: str) -> None:
    acts = Acts({act: OSError(errno.EROFS, "Read-only file system")})
    with pytest.raises(TransientError) as caught:
        acts.start()
    assert (caught.value.reason, caught.value.exit_code) == ("DataVolumeError", ExitCode.TRY_AGAIN)
    assert act not in acts.done


def test_nothing_is_cleared_before_marker_and_details_are_gone() -> None:
    for act in ("remove marker", "remove details"):
        acts = Acts({act: OSError(errno.EIO, "Input/output error")})
        with pytest.raises(TransientError):
            acts.start()
        assert not any(done.startswith("clear") for done in acts.done)


def test_a_database_of_another_name_is_told_before_anything_is_done() -> None:
    acts = Acts()
    places = NodeData(("/data/node",), "/data", "/data/node/database")
    start = StartTest(Details("image", "before"), "test", places)
    with pytest.raises(ConfigurationError) as caught:
        acts.volume().start(start, CONFIG)
    assert (caught.value.reason, acts.done) == ("DatabaseNotNamedDb", [])
    acts.volume(restores=False).start(start, CONFIG)
    assert acts.done


FILLED = Details("image", "before", versions="{}")
RESUMED = {"as it is": (None, ["remove marker"]), "completed": (FILLED, ["write details", "remove marker"])}


@pytest.mark.parametrize(("filled", "order"), RESUMED.values(), ids=RESUMED.keys())
def test_a_test_that_goes_on(filled: Details | None, order: list[str]) -> None:
    acts = Acts()
    acts.volume().resume(filled)
    assert acts.done == order


@pytest.mark.parametrize("act", ["remove marker", "write details"])
def test_a_test_goes_on_where_the_volume_cannot_be_written(act: str, caplog: pytest.LogCaptureFixture) -> None:
    Acts({act: OSError(errno.EROFS, "Read-only file system")}).volume().resume(FILLED)
    assert "The details could not be completed" in caplog.messages
