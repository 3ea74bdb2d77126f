"""A database is restored once: what a marker on the volume means to the next process."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.marker import Failure, State
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.errors import ExitCode, MonitorError
from tests.support.origin import URL, A, Origin, Volume, tree

INPUTS = Request(source_name.parse(URL)).inputs()


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    volume = Volume(tmp_path, Origin({URL: A}))
    volume.put("o")
    return volume


def failed(volume: Volume, inputs: str) -> None:
    volume.mark(State.FAILED, failure=Failure("ArchiveUnsafe", "a device", inputs, 1))


def written(content: bytes) -> Callable[[Volume], object]:
    return lambda volume: (volume.folder / names.RESTORE_MARKER).write_bytes(content)


RESTORES: dict[str, Callable[[Volume], object]] = {
    "absent": lambda _volume: None,
    "restoring": lambda volume: volume.mark(State.RESTORING),
    "failed with other inputs": lambda volume: failed(volume, "others"),
    "restored for another test": lambda volume: volume.mark(State.RESTORED, "another"),
    "failed for another test": lambda volume: volume.mark(State.FAILED, "another"),
    "empty": written(b""),
    "damaged": written(b'{"schema":1,"state":"resto'),
    "of another release": written(b'{"schema":2,"state":"restored","test":"0123456789abcdef","source":""}'),
}


@pytest.mark.parametrize("before", RESTORES.values(), ids=RESTORES.keys())
def test_what_is_not_whole_is_removed_and_restored(volume: Volume, before: Callable[[Volume], object]) -> None:
    before(volume)
    marker = volume.restore()
    assert volume.database == tree("a")
    assert (volume.marker, volume.state) == (marker, State.RESTORED)
    assert marker.failure is None


def test_what_is_restored_stays_without_a_question_to_the_source(volume: Volume) -> None:
    volume.mark(State.RESTORED, sha256="ab" * 32)
    before = volume.marker
    assert volume.restore() == before
    assert (volume.database, volume.origin.asked, volume.marker) == (tree("o"), [], before)


def test_what_failed_with_these_inputs_is_refused_without_a_question_to_the_source(volume: Volume) -> None:
    failed(volume, INPUTS)
    before = volume.marker
    with pytest.raises(MonitorError) as caught:
        volume.restore()
    assert (caught.value.reason, caught.value.exit_code) == ("RestoreRefused", ExitCode.CONFIGURATION)
    assert "ArchiveUnsafe: a device" in caught.value.what
    assert (volume.database, volume.origin.asked, volume.marker) == (tree("o"), [], before)


@dataclass
class BrokenStore:
    """A marker on a volume that fails; ``content`` is what can be read of it."""

    content: bytes | None
    reads: bool

    def read(self) -> bytes | None:
        if not self.reads:
            raise OSError(errno.EIO, "Input/output error")
        return self.content

    def write(self, content: bytes) -> None:
        raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("reads", [False, True], ids=["read", "written"])
def test_a_marker_that_cannot_be(volume: Volume, reads: bool) -> None:
    with pytest.raises(MonitorError) as caught:
        replace(volume.restoring(), store=BrokenStore(None, reads)).run("test")
    assert (caught.value.reason, caught.value.exit_code) == ("DataVolumeError", ExitCode.TRY_AGAIN)
    assert volume.database == tree("o")


def test_the_marker_says_so_before_the_first_byte_and_after_the_last_is_durable(volume: Volume) -> None:
    said: dict[str, State | None] = {}
    volume.origin.before_chunk = lambda _address, position: said.setdefault(f"byte {position}", volume.state)

    def observe(name: str, moment: effects.Moment) -> None:
        if name in {"volume.remove entry", "restore.make durable"}:
            said[f"{moment} {name}"] = volume.state

    effects.observers.append(observe)
    try:
        volume.restore()
    finally:
        effects.observers.remove(observe)
    assert {"byte 0", "before volume.remove entry", "after restore.make durable"} <= said.keys()
    assert set(said.values()) == {State.RESTORING}
    assert volume.state is State.RESTORED


STAGED: dict[str, tuple[Callable[[Volume], object], int]] = {
    "absent": (lambda _volume: None, 0),
    "of another test": (lambda volume: volume.mark(State.RESTORING, "another"), 0),
    "damaged": (written(b"{"), 0),
    "of this test": (lambda volume: volume.mark(State.RESTORING, identity=volume.origin.identity_of(URL)), 1000),
}


@pytest.mark.parametrize(("before", "goes_on_at"), STAGED.values(), ids=STAGED.keys())
def test_whose_download_the_marker_does_not_name_is_not_gone_on_with(
    volume: Volume, before: Callable[[Volume], object], goes_on_at: int
) -> None:
    before(volume)
    volume.staging.mkdir()
    volume.staged.write_bytes(A[:1000])
    volume.restore(staged=True)
    assert volume.origin.starts == [(URL, goes_on_at)]
    assert volume.database == tree("a")


def test_a_download_that_a_killed_process_left_goes_with_the_next(volume: Volume) -> None:
    volume.mark(State.RESTORED)
    volume.staging.mkdir()
    volume.staged.write_bytes(A)
    volume.restore(staged=True)
    assert not volume.staged.exists()
