"""Clearing: everything of the node's goes, nothing else does, and it can be killed at any point."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.adapters.volume.clear import clear
from bootstrap_monitor.adapters.volume.tree_removal import Level, Run, remove_tree
from bootstrap_monitor.errors import ConfigurationError, TransientError
from tests.support.trees import KEEP, NODE, ignore, make, names, read
from tests.support.unprivileged import unprivileged


@pytest.mark.parametrize("relative", ["", "db"])
def test_an_entry_that_cannot_be_removed_is_named(relative: str, locked: Path) -> None:
    with unprivileged(), pytest.raises(TransientError) as caught:
        clear(locked, relative, keep=KEEP, progress=ignore)

    assert caught.value.what == f"cannot clear {locked}/db/v1/1.ldb: Permission denied (EACCES)"
    assert read(locked) == {"db": {"v1": {"1.ldb": b""}}}


def test_a_file_that_cannot_be_removed_is_named(locked: Path) -> None:
    with unprivileged(), pytest.raises(TransientError, match=r"db/v1/1\.ldb: Permission denied"):
        clear(locked / "db" / "v1", "", keep=KEEP, progress=ignore)


@pytest.mark.parametrize("relative", ["x" * 300, "a/" + "x" * 300])
def test_a_place_that_cannot_be_looked_at_is_named(relative: str, root: Path) -> None:
    make(root, {"a": {}})

    with pytest.raises(TransientError, match=r"File name too long \(ENAMETOOLONG\)"):
        clear(root, relative, keep=KEEP, progress=ignore)


def test_a_folder_swapped_for_a_link_is_not_followed(root: Path, outside: Path) -> None:
    make(root, {"db": {"file": b""}})

    def swap(name: str, moment: effects.Moment) -> None:
        effects.observers.remove(swap)
        (root / "db").rename(root.parent / "moved")
        (root / "db").symlink_to(outside)

    effects.observers.append(swap)
    with pytest.raises(TransientError, match=r"db: Not a directory"):
        clear(root, "", keep=KEEP, progress=ignore)


def test_a_folder_moved_while_it_is_cleared_ends_it(root: Path, outside: Path) -> None:
    make(root, {"a": {"b": {str(number): b"" for number in range(1000)}}})
    (root.parent / "elsewhere").mkdir()

    def move(entries: int) -> None:
        (root / "a" / "b").rename(root.parent / "elsewhere" / "b")

    with pytest.raises(TransientError, match="moved to another folder meanwhile"):
        clear(root, "", keep=KEEP, progress=move)

    assert names(root.parent / "elsewhere") == ["b"]


def test_what_vanishes_meanwhile_is_fine(root: Path) -> None:
    make(root, {name: {"file": b""} for name in "abc"} | dict.fromkeys("def", b""))

    def vanish(name: str, moment: effects.Moment) -> None:
        effects.observers.remove(vanish)
        for path in root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    effects.observers.append(vanish)
    clear(root, "", keep=KEEP, progress=ignore)

    assert names(root) == []


def test_another_filesystem_is_not_entered(root: Path) -> None:
    make(root, {"mount": {"file": b""}})
    folder = os.open(root, os.O_RDONLY)
    try:
        elsewhere = Run(os.fstat(folder).st_dev + 1, ignore)
        with pytest.raises(ConfigurationError, match="volume/mount is on another filesystem"):
            remove_tree(folder, "mount", root, elsewhere)
    finally:
        os.close(folder)

    assert read(root) == {"mount": {"file": b""}}


def test_a_listing_that_never_ends_is_damage(root: Path) -> None:
    """A damaged folder can list a name that cannot be found: every removal is of something that is gone."""
    make(root, {"ghost": b""})
    level, run = Level("volume", (0, 0)), Run(0, ignore)
    folder = os.open(root, os.O_RDONLY)
    try:
        for _ in range(3):
            assert level.next_entry(folder, run) == ("ghost", False)
        with pytest.raises(FileNotFoundError, match="listed, but not there: 'ghost'"):
            level.next_entry(folder, run)
    finally:
        os.close(folder)


def test_no_descriptor_is_left_open(root: Path, outside: Path) -> None:
    make(root, {"a": {"b": {"c": NODE}}, "link": outside})
    before = len(names(Path("/proc/self/fd")))

    clear(root, "a/b/c", keep=KEEP, progress=ignore)
    with pytest.raises(ConfigurationError):
        clear(root, "link", keep=KEEP, progress=ignore)
    clear(root, "", keep=KEEP, progress=ignore)

    assert len(names(Path("/proc/self/fd"))) == before
