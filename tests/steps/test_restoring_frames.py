"""An archive in frames: a later process goes on at the last one that was finished, where it may."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.adapters.archive.unpack import Unpacked
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.marker import Marker, State
from bootstrap_monitor.errors import ConfigurationError, TransientError
from bootstrap_monitor.steps.restore_parts import Database, Done
from tests.adapters.archive.framing import cut_everywhere, restored_frames
from tests.support.framed_archives import Framed, framed_every
from tests.support.origin import METADATA, URL, A, B, Origin, Volume, tree
from tests.support.rig import messages

FRAMED, OTHER = framed_every(A, 40_960), framed_every(B, 40_960)
SHA256 = FRAMED.document["sha256"]
METADATA_SHA256 = hashlib.sha256(FRAMED.json).hexdigest()
AWAY_AT = 5


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path, Origin({URL: FRAMED.archive, METADATA: FRAMED.json}))


def offset_of(number: int) -> int:
    offset: int = FRAMED.document["frames"][number]["offset"]
    return offset


def frames_read(volume: Volume) -> set[int]:
    """The frames, by their numbers, that were asked for."""
    offsets = [frame["offset"] for frame in FRAMED.document["frames"]]
    return {offsets.index(start) for address, start in volume.origin.starts if address == URL}


def cut(volume: Volume, **options: Any) -> Marker:
    """A process whose source goes away; returns the marker that it left."""

    def away(address: str, position: int) -> None:
        if address == URL and position >= offset_of(AWAY_AT):
            raise TransientError("away", reason="SourceUnreachable")

    volume.origin.before_chunk = away
    with pytest.raises(TransientError):
        volume.restore(**options)
    volume.origin.before_chunk = lambda _address, _position: None
    volume.origin.starts.clear()
    marker = volume.marker
    assert marker
    assert marker.state is State.RESTORING
    assert marker.checkpoint
    return marker


TRUSTED: dict[str, dict[str, Any]] = {
    "no hash": {},
    "hash of the metadata": {"metadata_sha256": METADATA_SHA256},
    "hash of both": {"metadata_sha256": METADATA_SHA256, "sha256": SHA256},
}


@pytest.mark.parametrize("options", TRUSTED.values(), ids=TRUSTED.keys())
def test_a_later_process_goes_on_at_the_checkpoint(volume: Volume, options: dict[str, Any]) -> None:
    cut(volume, **options)
    marker = volume.restore(**options)
    assert min(frames_read(volume)) == AWAY_AT
    assert volume.database == tree("a")
    assert (marker.state, marker.checkpoint, marker.sha256) == (State.RESTORED, None, SHA256)


def test_with_the_hash_of_the_archive_alone_it_starts_over(volume: Volume, caplog: pytest.LogCaptureFixture) -> None:
    cut(volume, sha256=SHA256)
    volume.restore(sha256=SHA256)
    assert min(frames_read(volume)) == 0
    assert volume.database == tree("a")
    [warning] = messages(caplog, logging.WARNING)
    assert "--metadata-sha256" in warning


def replaced(volume: Volume) -> None:
    volume.origin.objects.update({URL: OTHER.archive, METADATA: OTHER.json})


def without_metadata(volume: Volume) -> None:
    del volume.origin.objects[METADATA]


def with_other_frames(volume: Volume) -> None:
    """Of the same archive: the first two are told as one, which is what a frame may be."""
    first, second, *others = FRAMED.document["frames"]
    both = FRAMED.archive[: second["offset"] + second["length"]]
    merged = first | {"length": len(both), "sha256": hashlib.sha256(both).hexdigest()}
    volume.origin.objects[METADATA] = Framed(b"", FRAMED.document | {"frames": [merged, *others]}).json


def damaged_record(volume: Volume) -> None:
    volume.mark(State.RESTORING, identity=volume.origin.identity_of(URL), checkpoint={"frame": "five"})


STARTS_OVER: dict[str, tuple[Callable[[Volume], None], str]] = {
    "archive replaced": (replaced, "b"),
    "metadata gone": (without_metadata, "a"),
    "other frames": (with_other_frames, "a"),
    "record damaged": (damaged_record, "a"),
}


@pytest.mark.parametrize(("change", "letter"), STARTS_OVER.values(), ids=STARTS_OVER.keys())
def test_what_a_checkpoint_does_not_fit_starts_over(
    volume: Volume, caplog: pytest.LogCaptureFixture, change: Callable[[Volume], None], letter: str
) -> None:
    cut(volume)
    (volume.folder / "db/of the first try").write_text("not of another's")
    change(volume)
    volume.restore()
    assert volume.database == tree(letter)
    assert "starts over" in str(caplog.messages)


def test_a_hash_that_all_frames_together_do_not_have(volume: Volume) -> None:
    without_hash = {key: value for key, value in FRAMED.document.items() if key != "sha256"}
    volume.origin.objects[METADATA] = Framed(b"", without_hash).json
    with pytest.raises(ConfigurationError) as caught:
        volume.restore(sha256="0" * 64)
    assert caught.value.reason == "ArchiveHashMismatch"
    assert SHA256 in caught.value.what
    assert (volume.database, volume.state) == (None, State.FAILED)


def test_the_record_of_a_checkpoint_goes_before_what_it_speaks_of(volume: Volume) -> None:
    cut(volume)
    broken = bytearray(FRAMED.archive)
    broken[offset_of(AWAY_AT + 1)] ^= 1
    volume.origin.etags[URL] = f'"{hash(FRAMED.archive)}"'
    volume.origin.objects[URL] = bytes(broken)
    records: list[JsonObject | None] = []

    def note(name: str, moment: effects.Moment) -> None:
        if moment == "before" and name in {"volume.remove entry", "restore.remove entries"}:
            assert volume.marker
            records.append(volume.marker.checkpoint)

    effects.observers.append(note)
    try:
        with pytest.raises(ConfigurationError):
            volume.restore()
    finally:
        effects.observers.remove(note)
    assert records
    assert set(map(str, records)) == {"None"}


@dataclass
class WrongInTheEnd(Database):
    """A database that was restored in frames, of which all together are not what was expected."""

    volume: Volume
    records: list[object] = field(default_factory=list)

    def remove(self) -> None:
        assert self.volume.marker
        self.records.append(self.volume.marker.checkpoint)

    def space(self) -> DiskSpace:
        return self.volume.space

    def unpack_frames(self, *_source: object, checkpoint: Callable[[JsonObject | None], None], **_: object) -> Done:
        checkpoint({"frame": 7})
        assert self.volume.marker
        assert self.volume.marker.checkpoint == {"frame": 7}
        return Unpacked("0" * 64, 0, 0, 0, Format.ZSTD)

    def unpack(self, *_source: object, **_options: object) -> NoReturn:
        raise AssertionError("it has frames")

    def copy(self, *_folder: object, **_options: object) -> NoReturn:
        raise AssertionError("it is no folder")


def test_so_it_does_where_all_frames_together_are_wrong(volume: Volume) -> None:
    database = WrongInTheEnd(volume)
    with pytest.raises(ConfigurationError, match="expected was"):
        replace(volume.restoring(sha256=SHA256), database=database).run("test")
    assert database.records == [None] * 4, "twice before it is restored, twice because it was wrong"


def test_so_it_does_where_a_call_removes_what_it_made_itself(tmp_path: Path) -> None:
    source = cut_everywhere()
    last = len(source.metadata.frames) - 1
    told: list[tuple[bool, list[str]]] = []

    def note(state: JsonObject | None) -> None:
        told.append((state is None, [path.name for path in tmp_path.iterdir()]))

    with pytest.raises(ConfigurationError):
        restored_frames(source, tmp_path, source.changed(last, sha256="0" * 64), checkpoint=note)
    *checkpoints, withdrawn = told
    assert checkpoints
    assert not any(none for none, _there in checkpoints)
    assert withdrawn == (True, ["db"]), "while all is there still"
    assert list(tmp_path.iterdir()) == []
