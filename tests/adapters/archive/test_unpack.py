from __future__ import annotations

import hashlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.unpack import Unpacked
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.errors import ConfigurationError, MonitorError, Terminated, TransientError
from tests.support.archives import (
    assert_threads_end,
    chunked,
    file,
    folder,
    open_descriptors,
    packed,
    restored,
    tar,
    tree_tar,
)
from tests.support.trees import read

TREE: dict[str, Any] = {
    "db": {
        "mainnet": {
            "v1.4.5": {"000001.ldb": random.Random(1).randbytes(256_000), "CURRENT": b"MANIFEST", "empty": b""}
        },
        "none": {},
        "größe": {"\udcff": b"not UTF-8", "n" * 250: b"long"},
        **{f"{number:06}.ldb": b"%d" % number * 100 for number in range(200)},
    }
}
TAR = tree_tar(TREE)


@pytest.mark.parametrize("size", [1, 511, 64 * 1024, 1 << 30])
@pytest.mark.parametrize("format_", Format)
def test_every_format_in_chunks_of_any_size(root: Path, format_: Format, size: int) -> None:
    archive = packed(TAR, format_)
    if size == 1:
        archive = packed(tree_tar({"db": {"x": b"y" * 2000}}), format_)
    done = restored(chunked(archive, size), root)
    content = {"db": {"x": b"y" * 2000}} if size == 1 else TREE
    assert read(root) == content
    files = 205 if size > 1 else 1
    assert done == Unpacked(
        hashlib.sha256(archive).hexdigest(), len(archive), done.bytes_written, files, format_, skipped=()
    )


@pytest.mark.parametrize("format_", [format_ for format_ in Format if format_ is not Format.TAR])
def test_members_of_a_compressed_archive_follow_each_other(root: Path, format_: Format) -> None:
    parts = [TAR[:1000], TAR[1000:100_000], b"", TAR[100_000:]]
    restored(b"".join(packed(part, format_) for part in parts) + bytes(1024), root)
    assert read(root) == TREE


def damaged(archive: bytes, format_: Format) -> dict[str, bytes]:
    half = len(archive) // 2
    return {
        "empty": b"",
        "first byte alone": archive[:1],
        "magic alone": archive[:6],
        "cut in the middle": archive[:half],
        "cut before the last byte": archive[:-1] if format_ is not Format.TAR else archive[: len(TAR) - 10240],
        "a byte lost": archive[:half] + archive[half + 1 :],
        "a flipped byte": archive[:half] + bytes([archive[half] ^ 0x10]) + archive[half + 1 :],
        "garbage behind": archive + b"<html>",
        "another archive behind": archive + archive,
    }


DAMAGES = [(format_, kind) for format_ in Format for kind in damaged(TAR, format_)]
DAMAGES.remove((Format.TAR, "a flipped byte"))  # a tar has no checksum of data: that is what the hash is for


@pytest.mark.parametrize(("format_", "kind"), DAMAGES)
def test_what_is_damaged_leaves_nothing(root: Path, format_: Format, kind: str) -> None:
    (root / "kept").write_bytes(b"ours")
    with pytest.raises(ConfigurationError) as caught:
        restored(damaged(packed(TAR, format_), format_)[kind], root, format=format_)
    assert caught.value.reason == "ArchiveDamaged"
    assert read(root) == {"kept": b"ours"}


@pytest.mark.parametrize("cut", range(0, 4 * 512, 128))
def test_a_tar_that_is_cut_anywhere_is_told(root: Path, cut: int) -> None:
    archive = tar(file("db/a"), file("db/b"))  # two headers, two blocks of data
    with pytest.raises(ConfigurationError, match=r"cut|empty"):
        restored(archive[:cut], root, format=Format.TAR)
    assert read(root) == {}


def test_what_is_no_archive_is_told(root: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"it begins with '<html>\\n<body>'") as caught:
        restored(b"<html>\n<body>", root)
    assert caught.value.reason == "ArchiveUnsupported"


def mismatches(archive: bytes) -> dict[str, tuple[dict[str, Any], str, str]]:
    size, found = len(archive), hashlib.sha256(archive).hexdigest()
    return {
        "hash": ({"expected_sha256": "A" * 64}, "ArchiveHashMismatch", f"is {found}, expected was {'a' * 64}"),
        "too long": ({"expected_size": size - 1}, "ArchiveDamaged", f"more than the {size - 1} bytes"),
        "too short": ({"expected_size": size + 1}, "ArchiveDamaged", f"{size} bytes, expected were {size + 1}"),
    }


@pytest.mark.parametrize("kind", mismatches(b""))
def test_another_archive_than_expected_leaves_nothing(root: Path, kind: str) -> None:
    archive = packed(TAR, Format.ZSTD)
    options, reason, what = mismatches(archive)[kind]
    (root / "db").mkdir()
    (root / "db" / "kept").write_bytes(b"ours")
    with pytest.raises(ConfigurationError, match=what) as caught:
        restored(archive, root, **options)
    assert caught.value.reason == reason
    assert read(root) == {"db": {"kept": b"ours"}}


def test_what_was_expected(root: Path) -> None:
    archive = packed(TAR, Format.ZSTD)
    found = hashlib.sha256(archive).hexdigest()
    assert restored(archive, root, expected_sha256=found.upper(), expected_size=len(archive)).sha256 == found


def test_what_does_not_fit_leaves_nothing(root: Path) -> None:
    archive = tar(*(file(f"db/{number}", bytes(1 << 20)) for number in range(10)))
    seen: list[int] = []

    def room() -> int:
        seen.append((8 << 20) - sum(path.stat().st_size for path in root.rglob("*") if path.is_file()))
        return seen[-1]

    with pytest.raises(ConfigurationError, match=r"at least .* more is needed .* reserve of 4\.0M") as caught:
        restored(archive, root, room=room, reserve_bytes=4 << 20)
    assert caught.value.reason == "ArchiveTooLarge"
    assert 4 << 20 <= min(seen) < 5 << 20
    assert read(root) == {}


def test_how_much_the_rest_takes_is_told_where_the_size_is_known(root: Path) -> None:
    archive = tar(*(file(f"db/{number}", bytes(1 << 20)) for number in range(10)))
    frees = iter([1 << 20])
    with pytest.raises(ConfigurationError, match=r"; the rest of the archive takes about \S+$"):
        restored(archive, root, room=lambda: next(frees, 0), expected_size=len(archive))


def test_what_fits_just_so(root: Path) -> None:
    needed = 1 << 20
    archive = tar(file("db/x", bytes(needed)))
    with pytest.raises(ConfigurationError, match=r"at least 1 more"):
        restored(iter([archive]), root, room=lambda: needed - 1)
    restored(iter([archive]), root, room=lambda: needed)


class LostError(Exception):
    pass


def breaking(written: Path, error: BaseException) -> Iterator[bytes]:
    """Ends with ``error`` when ``written`` is there."""
    yield TAR[:300_000]
    assert eventually(written.exists)
    raise error


@pytest.mark.parametrize("error", [LostError(), TransientError("away")], ids=["any", "transient"])
def test_the_sources_own_error_is_passed_on_and_what_was_unpacked_stays(root: Path, error: Exception) -> None:
    descriptors = open_descriptors()
    with pytest.raises(type(error)) as caught:
        restored(breaking(root / "db/mainnet/v1.4.5/000001.ldb", error), root)
    assert caught.value is error
    assert (root / "db/mainnet/v1.4.5/000001.ldb").exists()
    assert_threads_end()
    assert open_descriptors() == descriptors


def test_sigterm_is_passed_on_while_the_source_stands_still(root: Path) -> None:
    going_on = threading.Event()

    def standing_still() -> Iterator[bytes]:
        yield from chunked(TAR, len(TAR) // 2)
        going_on.wait(60)

    def terminate(progress: Progress) -> None:
        raise Terminated

    with pytest.raises(Terminated):
        restored(standing_still(), root, progress=terminate)
    going_on.set()
    assert_threads_end()


def test_a_volume_that_fails_is_worth_another_try(root: Path) -> None:
    with pytest.raises(TransientError, match=r"cannot write to .*ENOENT") as caught:
        restored(TAR, root / "absent")
    assert caught.value.reason == "VolumeFailed"


def test_nothing_is_left_open(root: Path) -> None:
    descriptors = open_descriptors()
    restored(TAR, root)
    with pytest.raises(MonitorError):
        restored(TAR[:-10240], root)
    assert_threads_end()
    assert open_descriptors() == descriptors


def test_progress_ends_with_all(root: Path) -> None:
    seen: list[Progress] = []
    done = restored(chunked(TAR, 300_000), root, progress=seen.append)
    assert seen[-1] == Progress(len(TAR), done.bytes_written, done.files)
    assert [progress.archive_bytes for progress in seen] == sorted(progress.archive_bytes for progress in seen)


def test_many_small_files(root: Path) -> None:
    tree = {"db": {f"{number}": b"%d" % number for number in range(2000)}}
    assert restored(packed(tree_tar(tree), Format.GZIP), root).files == 2000
    assert read(root) == tree


def eventually(condition: Callable[[], bool]) -> bool:
    """Waits a minute at most."""
    for _ in range(6000):
        if condition():
            return True
        time.sleep(0.01)
    return False


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: name not in {".", ".."}
)
TREES = st.recursive(
    st.binary(max_size=3000), lambda children: st.dictionaries(NAMES, children, max_size=5), max_leaves=20
).filter(lambda tree: isinstance(tree, dict))


@settings(max_examples=40)
@given(tree=TREES, format=st.sampled_from([0, 1, 2]), size=st.sampled_from([511, 4096, 1 << 20]))
def test_any_tree_comes_out_as_it_went_in(tree: dict[str, Any], format: int, size: int) -> None:  # noqa: A002
    try:
        archive = tree_tar({"db": tree}, format=format)
    except ValueError:  # ustar has no long names
        return
    with tempfile.TemporaryDirectory() as into:
        restored(chunked(packed(archive, Format.GZIP), size), Path(into))
        assert read(Path(into)) == {"db": tree}


def test_folders_alone_are_enough(root: Path) -> None:
    restored(tar(folder("x/db"), folder("x/db/v1")), root)
    assert read(root) == {"db": {"v1": {}}}
