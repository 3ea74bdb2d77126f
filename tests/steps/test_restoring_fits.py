"""Whether an archive fits: told before its first byte where the metadata say so, and never at the reserve's cost."""

from __future__ import annotations

import errno
import logging
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from bootstrap_monitor.adapters.archive.database import Database
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError
from bootstrap_monitor.steps.restore_parts import Progress
from tests.support.origin import METADATA, URL, A, Origin, Volume, metadata, tree
from tests.support.rig import messages

GIB = 1 << 30
DEFAULT = Reserve()
SIZE = len(A)


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path, Origin({URL: A}))


def space(available: int, total: int = 1000 * GIB) -> DiskSpace:
    return DiskSpace(total_bytes=total, available_bytes=available)


def error_of(volume: Volume, reserve: Reserve = DEFAULT) -> MonitorError:
    with pytest.raises(MonitorError) as caught:
        volume.restore(reserve=reserve)
    return caught.value


ROOMS = {
    "five percent": (space(100 * GIB), DEFAULT, 50 * GIB),
    "at least one GiB": (space(3 * GIB, 10 * GIB), DEFAULT, 2 * GIB),
    "percentage": (space(100 * GIB), Reserve(1.0, 0), 90 * GIB),
    "size": (space(100 * GIB), Reserve(0.0, 30 * GIB), 70 * GIB),
    "nothing": (space(100 * GIB), Reserve(0.0, 0), 100 * GIB),
}
EACH_ROOM = pytest.mark.parametrize(("there", "reserve", "room"), ROOMS.values(), ids=ROOMS.keys())


@EACH_ROOM
def test_what_fits_to_the_byte(volume: Volume, there: DiskSpace, reserve: Reserve, room: int) -> None:
    volume.space = there
    volume.origin.objects[METADATA] = metadata(uncompressedSize=room)
    volume.restore(reserve=reserve)
    assert volume.database == tree("a")


@EACH_ROOM
def test_what_does_not_by_a_byte(volume: Volume, there: DiskSpace, reserve: Reserve, room: int) -> None:
    volume.space = there
    volume.origin.objects[METADATA] = metadata(uncompressedSize=room + 1)
    error = error_of(volume, reserve)
    assert (error.reason, error.exit_code) == ("ArchiveTooLarge", ExitCode.CONFIGURATION)
    assert "it does not fit: 1 more is needed" in error.what
    assert volume.origin.starts == [(METADATA, 0)], "not a byte of the archive"
    assert (volume.database, volume.state) == (None, State.FAILED)


def test_it_is_tried_again_when_the_volume_or_the_reserve_has_another_size(volume: Volume) -> None:
    volume.space = space(100 * GIB)
    volume.origin.objects[METADATA] = metadata(uncompressedSize=60 * GIB)
    error_of(volume)
    volume.origin.asked.clear()

    volume.space = space(900 * GIB)
    assert error_of(volume).reason == "RestoreRefused", "room that may be gone again"
    assert volume.origin.asked == []

    volume.space = space(100 * GIB, 1001 * GIB)
    assert error_of(volume).reason == "ArchiveTooLarge"
    volume.restore(reserve=Reserve(1.0, 0))
    assert volume.database == tree("a")


WARNED = {
    "fits": (SIZE * 2, {}, False),
    "may not": (SIZE + SIZE // 5, {}, True),
    "is told to": (SIZE + SIZE // 5, {"uncompressedSize": SIZE}, False),
    "metadata that do not tell": (SIZE + SIZE // 5, {"network": "fuji"}, True),
}


@pytest.mark.parametrize(("room", "told", "warned"), WARNED.values(), ids=WARNED.keys())
def test_without_metadata_a_volume_that_may_be_too_small_is_a_warning(
    volume: Volume, caplog: pytest.LogCaptureFixture, room: int, told: dict[str, object], *, warned: bool
) -> None:
    volume.space = space(room)
    if told:
        volume.origin.objects[METADATA] = metadata(**told)
    volume.restore()
    assert any("may not fit" in message for message in messages(caplog, logging.WARNING)) is warned
    assert volume.database == tree("a")


def test_what_turns_out_not_to_fit_is_removed_and_tried_once(volume: Volume) -> None:
    volume.space = space(SIZE // 2)
    error = error_of(volume, Reserve(0.0, 0))
    assert (error.reason, volume.database, volume.state) == ("ArchiveTooLarge", None, State.FAILED)
    assert volume.origin.starts == [(URL, 0)]
    assert error_of(volume, Reserve(0.0, 0)).reason == "RestoreRefused"


class SmallStaging:
    """A folder into which no archive fits."""

    def fill(self, source: Source, *, progress: Progress) -> NoReturn:
        raise ConfigurationError(f"{source.name} does not fit", reason="StagingTooSmall")

    def remove(self) -> None:
        """Nothing is there."""


def test_a_staging_folder_that_is_too_small_is_not_held_against_the_archive(volume: Volume) -> None:
    with pytest.raises(ConfigurationError, match="does not fit"):
        replace(volume.restoring(), staging=SmallStaging()).run("test")
    volume.restore(staged=True)
    assert volume.database == tree("a")


def failing() -> NoReturn:
    raise OSError(errno.EIO, "Input/output error")


def test_a_volume_that_does_not_tell_its_room_is_for_a_later_try(volume: Volume) -> None:
    restoring = volume.restoring()
    assert isinstance(restoring.database, Database)
    with pytest.raises(MonitorError) as caught:
        replace(restoring, database=replace(restoring.database, free=failing)).run("test")
    assert (caught.value.reason, caught.value.exit_code) == ("VolumeFailed", ExitCode.TRY_AGAIN)


def test_a_place_where_no_folder_can_be_made_is_for_a_later_try(volume: Volume) -> None:
    (volume.folder / "file").touch()
    restoring = volume.restoring()
    assert isinstance(restoring.database, Database)
    database = replace(restoring.database, into=volume.folder / "file/node")
    with pytest.raises(MonitorError) as caught:
        replace(restoring, database=database).run("test")
    assert (caught.value.reason, caught.value.exit_code) == ("VolumeFailed", ExitCode.TRY_AGAIN)
