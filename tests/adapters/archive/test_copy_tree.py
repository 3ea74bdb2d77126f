from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.adapters.archive.copy_tree import Copied, copy_tree
from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.errors import ConfigurationError, TransientError
from tests.support.archives import AMPLE_BYTES, assert_threads_end, ignore, open_descriptors
from tests.support.trees import make, read

LARGE = random.Random(2).randbytes(3_000_000)
DATABASE: dict[str, Any] = {
    "mainnet": {"v1.4.5": {"000001.ldb": LARGE, "CURRENT": b"MANIFEST-1", "empty": b"", "l": Path("../x")}},
    "none": {},
    **{f"{number:06}.ldb": b"%d" % number for number in range(100)},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another filesystem, where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def copied(source: Path, into: Path, **options: Any) -> Copied:
    defaults: dict[str, Any] = {"room": lambda: AMPLE_BYTES, "reserve_bytes": 0, "progress": ignore}
    return copy_tree(source, into, **(defaults | options))


def total(tree: dict[str, Any]) -> int:
    return sum(
        total(content) if isinstance(content, dict) else len(content) if isinstance(content, bytes) else 0
        for content in tree.values()
    )


@pytest.mark.parametrize(
    "tree", [{"db": DATABASE, "staking": {"key": b"k"}}, {"CURRENT": b"", **DATABASE}], ids=["with db", "is db"]
)
def test_a_database_is_copied(source: Path, root: Path, tree: dict[str, Any]) -> None:
    make(source, tree)
    descriptors = open_descriptors()
    seen: list[Progress] = []
    done = copied(source, root, progress=seen.append)
    database = tree.get("db", tree)
    assert read(root) == {"db": database}
    assert (done.bytes_copied, done.files) == (total(database), 103 + ("CURRENT" in database))
    assert seen[-1] == Progress(done.bytes_copied, done.bytes_copied, done.files)
    assert_threads_end()
    assert open_descriptors() == descriptors


def test_from_another_filesystem(elsewhere: Path, root: Path) -> None:
    make(elsewhere, {"db": DATABASE})
    assert copied(elsewhere, root) == Copied(total(DATABASE), 0, 103)
    assert read(root) == {"db": DATABASE}


def test_modes_stay_and_hard_links_become_files(source: Path, root: Path) -> None:
    make(source, {"db": {"a": b"1", "d": {}}})
    (source / "db/a").chmod(0o4640)
    (source / "db/d").chmod(0o750)
    (source / "db/b").hardlink_to(source / "db/a")
    copied(source, root)
    assert [oct((root / "db" / name).stat().st_mode & 0o7777) for name in "abd"] == ["0o640", "0o640", "0o750"]
    assert (root / "db/a").stat().st_nlink == 1


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "named pipe": (os.mkfifo, "is a named pipe"),
    "link to an absolute path": (lambda path: path.symlink_to("/etc"), "absolute path"),
    "link that leads out": (lambda path: path.symlink_to("../../outside"), "leads out"),
}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(("spoil", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(source: Path, root: Path, spoil: Callable[[Path], object], why: str) -> None:
    make(source, {"db": {"a": b"1"}})
    spoil(source / "db/x")
    (root / "kept").write_bytes(b"ours")
    with pytest.raises(ConfigurationError, match=why) as caught:
        copied(source, root)
    assert caught.value.reason == "ArchiveUnsafe"
    assert read(root) == {"kept": b"ours"}


def test_what_does_not_fit_leaves_nothing(source: Path, root: Path) -> None:
    make(source, {"db": DATABASE})
    with pytest.raises(ConfigurationError, match="is needed") as caught:
        copied(source, root, room=lambda: 100_000)
    assert caught.value.reason == "ArchiveTooLarge"
    assert read(root) == {}
    assert_threads_end()


@pytest.mark.parametrize("tree", [{}, {"x": b""}, {"db": Path("elsewhere")}], ids=["empty", "other", "link"])
def test_no_database(source: Path, root: Path, tree: dict[str, Any]) -> None:
    make(source, tree)
    with pytest.raises(ConfigurationError) as caught:
        copied(source, root)
    assert caught.value.reason == "ArchiveLayout"


def test_a_source_that_cannot_be_read(source: Path, root: Path) -> None:
    with pytest.raises(TransientError, match="ENOENT") as caught:
        copied(source / "absent", root)
    assert caught.value.reason == "SourceFailed"
    with pytest.raises(TransientError, match="ENOENT") as caught:
        copied(source, root / "absent")
    assert caught.value.reason == "VolumeFailed"
