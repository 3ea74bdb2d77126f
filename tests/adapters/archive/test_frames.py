from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.unpack import Unpacked
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import Terminated, TransientError
from tests.adapters.archive.framing import (
    LARGE,
    NOT_RESUMABLE,
    TARS,
    TREE,
    cut_everywhere,
    cuts,
    restored_frames,
    states_of,
)
from tests.support.archives import assert_threads_end, file, open_descriptors, restored, tar
from tests.support.framed_archives import Framed, framed_every
from tests.support.trees import read

FORMATS = [Format.ZSTD, Format.GZIP]
RESUMABLE = [name not in NOT_RESUMABLE for name, _ in sorted(cuts(TARS["gnu"]).items(), key=lambda item: item[1])]
"""Of each frame but the first."""
FRAMES = len(RESUMABLE) + 1


@pytest.fixture(params=[(format_, kind) for format_ in FORMATS for kind in TARS], ids="-".join)
def source(request: pytest.FixtureRequest) -> Framed:
    return cut_everywhere(*request.param)


@pytest.fixture(params=FORMATS)
def either(request: pytest.FixtureRequest) -> Framed:
    return cut_everywhere(request.param)


def test_all_from_the_start(source: Framed, root: Path) -> None:
    done = restored_frames(source, root)
    assert read(root) == TREE
    assert (root / "db/v1/large").stat().st_mode & 0o777 == 0o640
    sha256, size = hashlib.sha256(source.archive).hexdigest(), len(source.archive)
    assert done == Unpacked(sha256, size, 30_000 + 2048 + 1 + 1200 + 3000, 6, done.format, ("'LICENSE'",))


def test_for_everybody_else_it_is_a_usual_archive(source: Framed, root: Path, tmp_path: Path) -> None:
    assert restored(source.archive, root).sha256 == source.metadata.sha256
    assert read(root) == TREE
    (tmp_path / "archive").write_bytes(source.archive)
    (tmp_path / "theirs").mkdir()
    tool = "zstd" if source.archive.startswith(b"\x28\xb5") else "gzip"
    if not shutil.which(tool):
        pytest.skip(f"there is no {tool}")
    plain = subprocess.run([tool, "-dc", tmp_path / "archive"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-xf", "-", "-C", tmp_path / "theirs"], input=plain, check=True)
    assert read(tmp_path / "theirs/x") == TREE


@pytest.mark.parametrize("format_", Format)
def test_any_format_has_frames(format_: Format, root: Path) -> None:
    states = states_of(cut_everywhere(format_), root)
    assert read(root) == TREE
    assert {state["format"] for state in states} == {str(format_)}


@pytest.mark.parametrize("size", [100, 512, 5000, 1 << 20])
def test_frames_of_any_size(size: int, root: Path) -> None:
    source = framed_every(TARS["pax"], size, Format.GZIP)
    assert restored_frames(source, root).sha256 == source.metadata.sha256
    assert read(root) == TREE


@pytest.mark.parametrize(("strip", "tree"), [(1, {"db": TREE["db"]}), (2, TREE["db"])], ids=["1", "2"])
def test_parts_are_dropped_as_of_any_archive(strip: int, tree: dict[str, Any], root: Path) -> None:
    source = cut_everywhere()
    middle = states_of(source, root, strip=strip)[5]
    assert read(root) == tree
    restored_frames(source, root, strip=strip, resume_from=middle)
    assert read(root) == tree


def test_checkpoints_are_where_one_can_go_on(source: Framed, root: Path) -> None:
    kind = next(kind for kind, content in TARS.items() if len(content) == source.metadata.uncompressed_size)
    where = sorted(cuts(TARS[kind]).items(), key=lambda item: item[1])
    expected = [number for number, (name, _) in enumerate(where, 1) if name not in NOT_RESUMABLE]
    assert [state["frame"] for state in states_of(source, root)] == expected


def test_checkpoints_are_not_more_often_than_wanted(root: Path) -> None:
    source = framed_every(TARS["gnu"], 1024)
    positions = [source.metadata.frames[state["frame"]].tar_offset for state in states_of(source, root)]
    few = [
        source.metadata.frames[state["frame"]].tar_offset
        for state in states_of(source, root, checkpoint_bytes=10 * 1024)
    ]
    assert len(positions) > 20
    assert 2 <= len(few) <= 4
    assert all(later - before >= 10 * 1024 for before, later in zip([0, *few], few, strict=False))


def fetched(source: Framed, into: Path, **options: Any) -> tuple[Unpacked, set[int]]:
    """What came of it, and which bytes were asked for."""
    asked: set[int] = set()

    def fetch(start: int, stop: int) -> bytes:
        asked.update(range(start, stop))
        return source.fetch(start, stop)

    return restored_frames(source, into, fetch=fetch, **options), asked


def test_from_each_checkpoint_with_nothing_but_what_was_there_then(source: Framed, root: Path, tmp_path: Path) -> None:
    states: list[JsonObject] = []

    def keep(state: JsonObject) -> None:
        shutil.copytree(root, tmp_path / str(len(states)), symlinks=True)
        states.append(orjson.loads(orjson.dumps(state)))

    whole = restored_frames(source, root, checkpoint=keep)
    for number, state in enumerate(states):
        again, asked = fetched(source, tmp_path / str(number), resume_from=state)
        assert read(tmp_path / str(number)) == TREE
        assert (again.sha256, again.archive_bytes) == ("", whole.archive_bytes)
        assert (again.bytes_written, again.files) == (whole.bytes_written, whole.files)
        assert asked == set(range(source.metadata.frames[state["frame"]].offset, len(source.archive)))
    assert len(states) == sum(RESUMABLE)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("number", range(sum(RESUMABLE)))
def test_a_kill_at_a_checkpoint(either: Framed, number: int, root: Path) -> None:
    """Just before it is recorded: the one before it is what counts."""
    states: list[JsonObject] = []

    def die(state: JsonObject) -> None:
        if len(states) == number:
            raise KilledError
        states.append(state)

    with pytest.raises(KilledError):
        restored_frames(either, root, checkpoint=die)
    restored_frames(either, root, resume_from=states[-1] if states else None)
    assert read(root) == TREE
    assert_threads_end()


@pytest.mark.parametrize("number", range(FRAMES))
@pytest.mark.parametrize("error", [TransientError("away"), KilledError()], ids=["away", "killed"])
def test_a_source_that_ends_at_a_frame(either: Framed, number: int, error: Exception, root: Path) -> None:
    states: list[JsonObject] = []
    start = either.metadata.frames[number].offset

    def fetch(begin: int, stop: int) -> bytes:
        if begin >= start:
            raise error
        return either.fetch(begin, stop)

    options: dict[str, Any] = {"format": Format.ZSTD if either.archive.startswith(b"\x28\xb5") else Format.GZIP}
    descriptors = open_descriptors()
    with pytest.raises(type(error)):
        restored_frames(either, root, fetch=fetch, checkpoint=states.append, checkpoint_bytes=8000, **options)
    assert_threads_end()
    assert open_descriptors() == descriptors
    if isinstance(error, TransientError) and number and RESUMABLE[number - 1]:
        assert states[-1]["frame"] == number
    again, asked = fetched(either, root, resume_from=states[-1] if states else None, **options)
    assert read(root) == TREE
    assert again.files == 6
    assert not states or min(asked) == either.metadata.frames[states[-1]["frame"]].offset


@pytest.mark.parametrize("size", [777, 1024])
def test_kills_without_end(size: int, root: Path) -> None:
    """Each process makes one checkpoint and dies while it goes on."""
    source = framed_every(TARS["pax"], size, Format.GZIP)
    state: JsonObject | None = None
    processes = 0
    while True:
        states: list[JsonObject] = []

        def keep(state: JsonObject, states: list[JsonObject] = states) -> None:
            if states:
                raise KilledError
            states.append(state)

        processes += 1
        try:
            restored_frames(source, root, checkpoint=keep, resume_from=state)
        except KilledError:
            state = states[0]
        else:
            break
    assert read(root) == TREE
    assert processes > 30


def test_a_file_whose_name_json_cannot_hold(root: Path) -> None:
    source = framed_every(tar(file("db/\udcff", LARGE), file("db/next", LARGE)), 10_000)
    assert [state["frame"] for state in states_of(source, root)] == [4, 5, 6]
    assert read(root) == {"db": {"\udcff": LARGE, "next": LARGE}}


def test_sigterm_while_the_source_stands_still(root: Path) -> None:
    source = cut_everywhere()
    going_on = threading.Event()

    def stand_still(start: int, stop: int) -> bytes:
        if start >= source.metadata.frames[5].offset:
            going_on.wait(60)
        return source.fetch(start, stop)

    def terminate(progress: Progress) -> None:
        raise Terminated

    states: list[JsonObject] = []
    with pytest.raises(Terminated):
        restored_frames(source, root, fetch=stand_still, progress=terminate, checkpoint=states.append)
    going_on.set()
    assert_threads_end()
    restored_frames(source, root)
    assert read(root) == TREE


def test_so_many_connections_at_once_and_no_more(root: Path) -> None:
    source = framed_every(TARS["gnu"], 1024)
    together = threading.Barrier(3, timeout=60)
    threads: set[int] = set()

    def fetch(start: int, stop: int) -> bytes:
        threads.add(threading.get_ident())
        if start < source.metadata.frames[3].offset:
            together.wait()  # breaks unless three come
        return source.fetch(start, stop)

    restored_frames(source, root, fetch=fetch, connections=3, format=Format.ZSTD)
    assert read(root) == TREE
    assert len(threads) == 3


def test_only_so_many_frames_are_ahead(root: Path) -> None:
    source = framed_every(TARS["gnu"], 1024)
    ends = [frame.stop for frame in source.metadata.frames]
    begun: list[int] = []

    def fetch(start: int, stop: int) -> bytes:
        begun.append(stop)
        return source.fetch(start, stop)

    def bounded(progress: Progress) -> None:
        done = sum(end <= progress.archive_bytes for end in ends)
        assert len(begun) <= done + 3

    restored_frames(source, root, fetch=fetch, connections=2, format=Format.ZSTD, progress=bounded)
    assert sorted(begun) == ends


def test_progress_is_of_all_the_archive(root: Path) -> None:
    source = cut_everywhere()
    seen: list[Progress] = []
    states: list[JsonObject] = []
    done = restored_frames(source, root, progress=seen.append, checkpoint=states.append)
    assert seen[-1] == Progress(done.archive_bytes, done.bytes_written, done.files)
    assert [progress.archive_bytes for progress in seen[:-1]] == [frame.stop for frame in source.metadata.frames]
    again: list[Progress] = []
    restored_frames(source, root, progress=again.append, resume_from=states[4])
    assert again[0].archive_bytes == source.metadata.frames[states[4]["frame"]].stop
    assert again[0].bytes_written >= states[4]["bytes_written"] > 0
    assert again[-1] == seen[-1]


def test_nothing_is_left_open(root: Path) -> None:
    descriptors = open_descriptors()
    states_of(cut_everywhere(), root)
    assert_threads_end()
    assert open_descriptors() == descriptors
