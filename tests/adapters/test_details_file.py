from __future__ import annotations

import errno
import os
import resource
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootstrap_monitor import effects
from bootstrap_monitor.adapters.volume.details_file import DetailsFile
from tests.support.kills import killed_at, observed
from tests.support.unprivileged import unprivileged

NAME = "bootstrap_test_details.txt"
WRITE_MOMENTS = [
    "before volume.write temporary details",
    "after volume.write temporary details",
    "before volume.rename details",
    "after volume.rename details",
]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def details(tmp_path: Path) -> DetailsFile:
    return DetailsFile(tmp_path)


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that everybody may read and nobody may change."""
    folder = Path(tempfile.mkdtemp())
    (folder / NAME).write_bytes(b"old")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """A write beyond ``size`` bytes fails half-way, as on a full volume."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@settings(max_examples=25)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=3))
def test_what_was_written_last_is_read(contents: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        details = DetailsFile(Path(folder))
        for content in contents:
            details.write(content)

        assert details.read() == contents[-1]
        assert names(Path(folder)) == [NAME]


def test_without_a_file_there_is_nothing_to_read(details: DetailsFile, tmp_path: Path) -> None:
    assert details.read() is None
    assert DetailsFile(tmp_path / "absent").read() is None


def test_the_file_is_readable_for_all_whatever_the_umask(details: DetailsFile, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        details.write(b"{}")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o644


def test_no_more_than_a_mebibyte_is_read(details: DetailsFile, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"x" * (1024 * 1024 + 1))

    assert len(details.read() or b"") == 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "code"),
    [("folder", errno.EISDIR), ("link", errno.ELOOP), ("in a file", errno.ENOTDIR)],
)
def test_what_is_no_readable_file_is_an_error(kind: str, code: int, tmp_path: Path) -> None:
    details = DetailsFile(tmp_path)
    if kind == "folder":
        (tmp_path / NAME).mkdir()
    elif kind == "link":
        (tmp_path / "elsewhere").write_bytes(b"secret")
        (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "file").touch()
        details = DetailsFile(tmp_path / "file")
    descriptors = len(names(Path("/proc/self/fd")))

    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        details.read()

    assert caught.value.errno == code
    assert len(names(Path("/proc/self/fd"))) == descriptors


def test_a_pipe_in_its_place_does_not_hang(details: DetailsFile, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)

    assert details.read() == b""


def test_a_file_that_may_not_be_read_is_an_error(locked: Path) -> None:
    (locked / NAME).chmod(0o000)

    with unprivileged(), pytest.raises(PermissionError):
        DetailsFile(locked).read()


def test_the_effects_of_a_write_are_marked_one_by_one(details: DetailsFile) -> None:
    with observed() as seen:
        details.write(b"new")

    assert seen == WRITE_MOMENTS


@pytest.mark.parametrize("turn", range(1, len(WRITE_MOMENTS) + 1))
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_write_that_is_killed_leaves_the_old_or_the_new(
    turn: int, old: bytes | None, details: DetailsFile, tmp_path: Path
) -> None:
    if old is not None:
        details.write(old)

    with killed_at(turn):
        details.write(b"new")

    assert details.read() == (b"new" if turn == len(WRITE_MOMENTS) else old)
    details.write(b"newest")
    assert names(tmp_path) == [NAME]
    assert details.read() == b"newest"


def test_a_removal_takes_what_a_killed_write_left(details: DetailsFile, tmp_path: Path) -> None:
    with killed_at(2):
        details.write(b"new")
    assert len(names(tmp_path)) == 1

    details.remove()

    assert names(tmp_path) == []


def test_a_write_that_fails_half_way_leaves_the_old(details: DetailsFile, tmp_path: Path) -> None:
    details.write(b"old")

    with files_limited_to(100), pytest.raises(OSError, match="File too large"):
        details.write(b"x" * 200)

    assert details.read() == b"old"
    assert names(tmp_path) == [NAME]


def test_a_writer_beside_another_cannot_publish_the_others_half(details: DetailsFile, tmp_path: Path) -> None:
    """Two pods of one StatefulSet at once: the slower one fails, and the file is the other's."""

    def overtake(name: str, moment: effects.Moment) -> None:
        if (name, moment) == ("volume.rename details", "before"):
            effects.observers.remove(overtake)
            DetailsFile(tmp_path).write(b"fast")

    effects.observers.append(overtake)
    with pytest.raises(FileNotFoundError):
        details.write(b"slow")

    assert details.read() == b"fast"
    assert names(tmp_path) == [NAME]


def test_a_writer_does_not_publish_what_another_has_not_finished(details: DetailsFile, tmp_path: Path) -> None:
    def overtake(name: str, moment: effects.Moment) -> None:
        if (name, moment) == ("volume.rename details", "before"):
            effects.observers.remove(overtake)
            with killed_at(2):
                DetailsFile(tmp_path).write(b"unfinished")

    effects.observers.append(overtake)
    with pytest.raises(FileNotFoundError):
        details.write(b"slow")

    assert details.read() is None


def test_a_read_only_folder_is_an_error(locked: Path) -> None:
    details = DetailsFile(locked)

    with unprivileged():
        with pytest.raises(PermissionError):
            details.write(b"new")
        with pytest.raises(PermissionError):
            details.remove()
        with pytest.raises(PermissionError):
            details.set_aside()

    assert details.read() == b"old"
    assert names(locked) == [NAME]


def test_removing_is_repeatable(details: DetailsFile) -> None:
    details.write(b"old")

    with observed() as seen:
        details.remove()
        details.remove()

    assert details.read() is None
    assert seen == ["before volume.remove details", "after volume.remove details"] * 2


def test_setting_aside_keeps_the_file_for_people(details: DetailsFile, tmp_path: Path) -> None:
    for content in (b"bad", b"worse"):
        details.write(content)
        details.set_aside()

    assert details.read() is None
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(f"{NAME}.bad", b"worse")]
