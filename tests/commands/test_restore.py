"""``restore`` by itself: what it takes for done, and what it never touches."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Any, NoReturn

import pytest

from bootstrap_monitor.adapters.volume.restore_marker import RestoreMarker
from bootstrap_monitor.commands.restore import Restore
from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from tests.support.origin import URL, A, B, Origin, Volume, tree

OTHER = "https://archives.example.com/other.tar"


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path, Origin({URL: A, OTHER: B}))


def command(volume: Volume, marker: Any = None, **options: Any) -> Restore:
    restoring = volume.restoring(**options)
    database = volume.folder / "db"
    return Restore(
        restoring.request, str(volume.folder), marker or RestoreMarker(volume.folder), database.exists, restoring
    )


def error_of(run: Restore) -> MonitorError:
    with pytest.raises(MonitorError) as caught:
        run.run()
    return caught.value


def test_an_empty_volume_is_filled_once(volume: Volume) -> None:
    (volume.folder / "lost+found").mkdir()
    command(volume).run()
    assert (volume.database, volume.state) == (tree("a"), State.RESTORED)
    volume.origin.asked.clear()
    command(volume).run()
    assert volume.origin.asked == []


FOREIGN = {"no marker": None, "damaged": b"{", "of another release": b'{"schema":2}'}


@pytest.mark.parametrize("marker", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_database_that_no_restore_has_put_there_stays(volume: Volume, marker: bytes | None) -> None:
    volume.put("o")
    if marker:
        RestoreMarker(volume.folder).write(marker)
    error = error_of(command(volume))
    assert isinstance(error, ConfigurationError)
    assert (error.reason, error.exit_code) == ("TargetNotEmpty", ExitCode.CONFIGURATION)
    assert (volume.database, volume.origin.asked, RestoreMarker(volume.folder).read()) == (tree("o"), [], marker)


@pytest.mark.parametrize("state", State)
def test_one_that_another_restore_has_put_there_gives_way(volume: Volume, state: State) -> None:
    volume.put("o")
    volume.mark(state, "another")
    command(volume).run()
    assert volume.database == tree("a")


def test_another_source_replaces_it(volume: Volume) -> None:
    command(volume).run()
    command(volume, source=OTHER).run()
    assert volume.database == tree("b")


def test_another_hash_is_another_archive(volume: Volume) -> None:
    """Published anew at the same address."""
    command(volume).run()
    volume.origin.objects[URL] = B
    command(volume, sha256=hashlib.sha256(B).hexdigest()).run()
    assert volume.database == tree("b")


@pytest.mark.parametrize(
    "change",
    [
        {"connections": 1},
        {"source": f"{URL}?signature=rotated"},
        {"staged": True},
        {"sha256": hashlib.sha256(A).hexdigest()},
    ],
)
def test_what_is_no_input_does_not(volume: Volume, change: dict[str, Any]) -> None:
    command(volume).run()
    volume.origin.asked.clear()
    command(volume, **change).run()
    assert volume.origin.asked == []


def test_another_place_on_the_volume_is_another_restore(volume: Volume) -> None:
    command(volume).run()
    restoring = volume.restoring()
    asked = len(volume.origin.asked)
    Restore(restoring.request, "/elsewhere", RestoreMarker(volume.folder), lambda: False, restoring).run()
    assert len(volume.origin.asked) > asked


def test_what_a_shell_script_has_unpacked_is_done(volume: Volume, caplog: pytest.LogCaptureFixture) -> None:
    volume.put("o")
    (volume.folder / names.SHELL_MARKER).touch()
    command(volume).run()
    assert (volume.database, volume.origin.asked, volume.marker) == (tree("o"), [], None)
    assert "The volume is initialized already" in caplog.messages


class Unreadable:
    """A marker on a volume that fails."""

    def read(self) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    def is_by_shell(self) -> bool:
        return False


def test_a_volume_that_cannot_be_read_is_for_a_later_try(volume: Volume) -> None:
    volume.put("o")
    error = error_of(command(volume, Unreadable()))
    assert isinstance(error, TransientError)
    assert (error.reason, error.exit_code) == ("DataVolumeError", ExitCode.TRY_AGAIN)
    assert (volume.database, volume.origin.asked) == (tree("o"), [])
