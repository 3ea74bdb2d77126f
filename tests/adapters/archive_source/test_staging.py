"""The file to which an archive is downloaded first."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.adapters.archive_source.staging import Downloaded, Staging
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.errors import ConfigurationError, ExitCode, SourceChanged, TransientError
from tests.support.origin import CHUNK_BYTES, URL, A, Origin

SIZE = len(A)


@pytest.fixture
def origin() -> Origin:
    return Origin({URL: A})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not/there/yet"


@pytest.fixture
def staged(folder: Path) -> Path:
    return folder / "bootstrap-restore.part"


def staging(folder: Path) -> Staging:
    def opened(path: Path) -> Source:
        files = Origin({str(path): path.read_bytes()})
        return files.open(source_name.parse(str(path)))

    return Staging(folder, opened)


def source(origin: Origin) -> Source:
    return origin.open(source_name.parse(URL))


def fill(folder: Path, origin: Origin) -> tuple[bytes, list[int]]:
    """What came of it, and the progress in bytes."""
    told: list[Downloaded] = []
    filled = staging(folder).fill(source(origin), progress=told.append)
    return b"".join(filled.read()), [progress.archive_bytes for progress in told]


def test_all_of_it(folder: Path, staged: Path, origin: Origin) -> None:
    content, told = fill(folder, origin)
    assert content == staged.read_bytes() == A
    assert told == [0, *range(CHUNK_BYTES, SIZE, CHUNK_BYTES), SIZE]
    assert staged.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("there", [1, CHUNK_BYTES, SIZE - 1])
def test_it_goes_on_at_the_byte(folder: Path, staged: Path, origin: Origin, there: int) -> None:
    folder.mkdir(parents=True)
    staged.write_bytes(A[:there])
    content, told = fill(folder, origin)
    assert content == A
    assert (told[0], told[-1]) == (there, SIZE)
    assert origin.starts == [(URL, there)]


def test_what_is_whole_is_not_read_again(folder: Path, staged: Path, origin: Origin) -> None:
    folder.mkdir(parents=True)
    staged.write_bytes(A)
    assert fill(folder, origin) == (A, [SIZE])
    assert origin.starts == []


def test_what_came_before_a_cut_stays(folder: Path, staged: Path, origin: Origin) -> None:
    def away(_address: str, position: int) -> None:
        if position == 2 * CHUNK_BYTES:
            raise TransientError("away")

    origin.before_chunk = away
    with pytest.raises(TransientError, match="away"):
        fill(folder, origin)
    assert staged.read_bytes() == A[: 2 * CHUNK_BYTES]


class Short:
    """A source that gives one byte less than it tells."""

    name = URL
    ranged = True

    def identity(self) -> Identity:
        return Identity(SIZE)

    def read(self, start: int = 0) -> Iterator[bytes]:
        yield A[start:-1]

    def read_range(self, start: int, stop: int) -> bytes:
        return A[start:stop]

    def close(self) -> None:
        """Nothing is open."""


def test_another_size_than_was_told_is_not_kept(folder: Path, staged: Path) -> None:
    with pytest.raises(SourceChanged, match=f"gave {SIZE - 1} bytes, {SIZE} were told"):
        staging(folder).fill(Short(), progress=lambda _: None)
    assert not staged.exists()


def test_what_does_not_fit_is_told_before_the_first_byte(folder: Path, origin: Origin, tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free

    class Huge(Short):
        def identity(self) -> Identity:
            return Identity(free * 2)

    with pytest.raises(ConfigurationError) as caught:
        staging(folder).fill(Huge(), progress=lambda _: None)
    assert (caught.value.reason, caught.value.exit_code) == ("StagingTooSmall", ExitCode.CONFIGURATION)
    assert "--staging-dir" in caught.value.check


def no_folder(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")


def no_file(folder: Path) -> None:
    (folder / "bootstrap-restore.part").mkdir(parents=True)


def elsewhere(folder: Path) -> None:
    """What is written must not follow a link out of the folder."""
    folder.mkdir(parents=True)
    (folder / "bootstrap-restore.part").symlink_to(folder.parent / "elsewhere")


TROUBLE: dict[str, Any] = {"no folder": no_folder, "no file": no_file, "a link": elsewhere}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE.keys())
def test_a_place_that_cannot_be_written_is_for_a_later_try(folder: Path, origin: Origin, trouble: Any) -> None:
    trouble(folder)
    with pytest.raises(TransientError) as caught:
        fill(folder, origin)
    assert (caught.value.reason, caught.value.exit_code) == ("StagingFailed", ExitCode.TRY_AGAIN)
    assert not (folder.parent / "elsewhere").exists()


def test_it_is_removed(folder: Path, staged: Path) -> None:
    staging(folder).remove()
    folder.mkdir(parents=True)
    staging(folder).remove()
    staged.write_bytes(b"part")
    (folder / "other").write_bytes(b"not ours")
    staging(folder).remove()
    assert [path.name for path in folder.iterdir()] == ["other"]


def test_what_cannot_be_removed_is_for_a_later_try(folder: Path, staged: Path) -> None:
    no_folder(folder)
    with pytest.raises(TransientError) as caught:
        staging(folder).remove()
    assert caught.value.reason == "StagingFailed"
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOTDIR
    assert not staged.exists()
