from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.archive_source.opening import open_source
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.core.restore.source_name import parse
from bootstrap_monitor.errors import ConfigurationError, SourceChanged, TransientError
from tests.adapters.archive_source.opened import CONTENT, LONG
from tests.support.clock import FakeClock
from tests.support.unprivileged import unprivileged

MIB = 1024 * 1024
LARGE = CONTENT * 4


@contextmanager
def _source(text: str) -> Iterator[Source]:
    source = open_source(
        parse(text), connections=4, read_stall=LONG, retry_budget=timedelta(minutes=5), clock=FakeClock()
    )
    yield source
    source.close()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a db.tar"
    path.write_bytes(LARGE)
    return path


@pytest.mark.parametrize("start", [0, 1, MIB, len(LARGE)])
def test_all_of_it_from_any_byte(archive: Path, start: int) -> None:
    for text in (str(archive), archive.as_uri(), os.path.relpath(archive)):
        with _source(text) as source:
            assert b"".join(source.read(start)) == LARGE[start:]
            assert source.read_range(5, 2 * MIB) == LARGE[5 : 2 * MIB]


def test_what_is_told_of_it(archive: Path) -> None:
    status = archive.stat()
    with _source(str(archive)) as source:
        assert source.name == str(archive)
        assert source.identity().size == len(LARGE)
        assert source.identity().etag == f"{status.st_mtime_ns}-{status.st_ino}"


def _replace(path: Path) -> None:
    path.with_suffix(".new").write_bytes(LARGE)
    path.with_suffix(".new").rename(path)


def _rewrite(path: Path) -> None:
    path.write_bytes(LARGE)
    os.utime(path, ns=(1, 1))


def _truncate(path: Path) -> None:
    os.truncate(path, 10)


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("change", [_rewrite, _truncate, _append])
def test_one_that_changes_while_it_is_read(archive: Path, change: Callable[[Path], None]) -> None:
    with _source(str(archive)) as source:
        chunks = source.read()
        assert next(chunks) == LARGE[:MIB]
        change(archive)
        with pytest.raises(SourceChanged):
            next(chunks)


@pytest.mark.parametrize("change", [_replace, _rewrite, _truncate, _append])
def test_one_that_changed_before_it_is_read(archive: Path, change: Callable[[Path], None]) -> None:
    with _source(str(archive)) as source:
        source.identity()
        change(archive)
        with pytest.raises(SourceChanged):
            next(source.read())


def test_one_that_is_replaced_while_it_is_read_is_read_to_its_end(archive: Path) -> None:
    with _source(str(archive)) as source:
        chunks = source.read()
        first = next(chunks)
        _replace(archive)
        assert first + b"".join(chunks) == LARGE


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "SourceNotFound"),
        ("a db.tar/below", "SourceNotFound"),
        (".", "SourceRefused"),
        ("fifo", "SourceRefused"),
        ("loop", "SourceRefused"),
        ("x" * 300, "SourceRefused"),
    ],
)
def test_what_is_no_file_is_for_a_person(archive: Path, name: str, reason: str) -> None:
    os.mkfifo(archive.parent / "fifo")
    (archive.parent / "loop").symlink_to("loop")
    with _source(str(archive.parent / name)) as source, pytest.raises(ConfigurationError) as raised:
        source.identity()
    assert raised.value.reason == reason


def test_one_that_may_not_be_read(archive: Path) -> None:
    archive.chmod(0)
    with unprivileged(), _source(str(archive)) as source, pytest.raises(ConfigurationError) as raised:
        source.identity()
    assert raised.value.reason == "SourceForbidden"


def test_reading_ends_when_the_source_is_closed(archive: Path) -> None:
    with _source(str(archive)) as source:
        chunks = source.read()
        next(chunks)
        source.close()
        with pytest.raises(TransientError, match="is closed"):
            next(chunks)


def test_no_descriptor_is_left_open(archive: Path) -> None:
    before = sum(1 for _ in Path("/dev/fd").iterdir())
    with _source(str(archive)) as source:
        next(source.read())
        with pytest.raises(ConfigurationError), _source(str(archive.parent)) as folder:
            folder.identity()
    assert sum(1 for _ in Path("/dev/fd").iterdir()) == before
