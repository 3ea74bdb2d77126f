from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.volume.restore_marker import Folders, RestoreMarker
from tests.support.kills import killed_at, observed
from tests.support.trees import names

NAME = ".bootstrap_restore.json"


@pytest.fixture
def marker(tmp_path: Path) -> RestoreMarker:
    return RestoreMarker(tmp_path)


def test_what_was_written_last_is_read(marker: RestoreMarker, tmp_path: Path) -> None:
    for content in (b"one", b"another"):
        marker.write(content)
        assert marker.read() == content
    assert names(tmp_path) == [NAME]
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o644, "the sidecar may be another user"


def test_without_a_file_there_is_nothing_to_read(marker: RestoreMarker, tmp_path: Path) -> None:
    assert marker.read() is None
    assert RestoreMarker(tmp_path / "absent").read() is None


@pytest.mark.parametrize(("kind", "code"), [("folder", errno.EISDIR), ("link", errno.ELOOP)])
def test_what_is_no_file_is_an_error(marker: RestoreMarker, tmp_path: Path, kind: str, code: int) -> None:
    if kind == "folder":
        (tmp_path / NAME).mkdir()
    else:
        (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=os.strerror(code)):
        marker.read()


@pytest.mark.parametrize("turn", [1, 2])
def test_a_write_that_is_killed_leaves_the_old_or_the_new(marker: RestoreMarker, tmp_path: Path, turn: int) -> None:
    marker.write(b"old")
    with killed_at(turn):
        marker.write(b"new")
    assert marker.read() == (b"old", b"new")[turn - 1]
    marker.write(b"newest")
    assert names(tmp_path) == [NAME]


def test_what_a_killed_write_left_goes_with_the_next_and_nothing_else(marker: RestoreMarker, tmp_path: Path) -> None:
    others = [".bootstrap_restore.json.tmp", ".bootstrap_test_details.txt.01234567.tmp", "bootstrap_restore.json"]
    for name in (*others, f"{NAME}.01234567.tmp"):
        (tmp_path / name).touch()
    marker.write(b"new")
    assert names(tmp_path) == sorted([NAME, *others])
    (tmp_path / f"{NAME}.89abcdef.tmp").touch()
    marker.remove()
    assert names(tmp_path) == sorted(others)


def test_what_cannot_be_written_leaves_nothing(marker: RestoreMarker, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(OSError, match=os.strerror(errno.EISDIR)):
        marker.write(b"new")
    assert names(tmp_path) == [NAME]


def test_it_is_removed_and_where_there_is_none_nothing_is_written(marker: RestoreMarker, tmp_path: Path) -> None:
    marker.write(b"{}")
    with observed() as seen:
        marker.remove()
        marker.remove()
    assert seen == ["before restore.remove marker", "after restore.remove marker"]
    assert names(tmp_path) == []


def test_a_marker_of_the_shell(marker: RestoreMarker, tmp_path: Path) -> None:
    assert not marker.is_by_shell()
    (tmp_path / ".db-initialized").touch()
    assert marker.is_by_shell()


FOLDERS = Folders()


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    assert [FOLDERS.is_folder(path) for path in (str(tmp_path), str(tmp_path / "link"))] == [True, True]
    assert [FOLDERS.is_folder(path) for path in ("", str(tmp_path / "file"), str(tmp_path / "none"))] == [False] * 3


CONTENT = {
    "nothing": ([], False),
    "what is ours or the filesystem's": ([NAME, "lost+found", "bootstrap_test_details.txt"], False),
    "a database": (["db"], True),
    "both": ([NAME, "db"], True),
}


@pytest.mark.parametrize(("there", "has"), CONTENT.values(), ids=CONTENT.keys())
def test_content_of_folders(tmp_path: Path, there: list[str], *, has: bool) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    assert FOLDERS.has_content(str(tmp_path)) is has


def test_the_marker_of_a_folder(tmp_path: Path) -> None:
    assert FOLDERS.marker(str(tmp_path)) is None
    RestoreMarker(tmp_path).write(b"theirs")
    assert FOLDERS.marker(str(tmp_path)) == b"theirs"
