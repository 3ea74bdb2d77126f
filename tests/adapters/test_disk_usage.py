from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bootstrap_monitor.adapters.volume.disk_usage import free, usage_bytes
from tests.support.unprivileged import unprivileged


def du(root: Path) -> int:
    result = subprocess.run(["du", "-sx", "-B1", str(root)], check=True, capture_output=True)
    return int(result.stdout.split()[0])


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to all, unlike ``tmp_path``."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_an_empty_folder_is_its_own_blocks(tmp_path: Path) -> None:
    assert usage_bytes(tmp_path) == du(tmp_path) == tmp_path.stat().st_blocks * 512


def test_it_is_what_du_says(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number) / "deeper").mkdir(parents=True)
        (tmp_path / str(number) / "deeper" / "file").write_bytes(b"x" * 5000 * number)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert usage_bytes(tmp_path) == du(tmp_path) < 1024 * 1024


def test_a_hard_link_counts_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    alone = usage_bytes(tmp_path)

    (tmp_path / "again").hardlink_to(tmp_path / "file")

    assert usage_bytes(tmp_path) == du(tmp_path) == alone


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"x" * 100_000)
    (inside / "folder").symlink_to(outside)
    (inside / "file").symlink_to(outside / "file")

    assert usage_bytes(inside) == du(inside) < 100_000


def test_another_filesystem_is_left_out() -> None:
    if not any(path.is_mount() for path in Path("/dev").iterdir()):
        pytest.skip("nothing is mounted below /dev here")

    assert usage_bytes(Path("/dev")) == du(Path("/dev"))


def test_what_cannot_be_read_is_an_error(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    (folder / "closed").chmod(0o000)

    with unprivileged(), pytest.raises(PermissionError):
        usage_bytes(folder)

    (folder / "closed").chmod(0o700)  # or pytest, unless it is root, cannot remove it


def test_an_absent_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        usage_bytes(tmp_path / "absent")


@pytest.mark.parametrize(("call", "victim"), [("stat", "file"), ("stat", "folder"), ("scandir", "folder")])
def test_what_vanishes_meanwhile_is_no_error(call: str, victim: str, tmp_path: Path) -> None:
    empty = usage_bytes(tmp_path)
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "folder").mkdir()
    sizes = {name: (tmp_path / name).stat().st_blocks * 512 for name in ("file", "folder")}
    listings = 0

    def vanish(frame: FrameType, event: str, function: Any) -> None:
        """Right before the call that would find it."""
        nonlocal listings
        if event != "c_call" or function.__name__ != call:
            return
        listings += call == "scandir"
        entry = function.__self__
        if listings == 2 or (isinstance(entry, os.DirEntry) and entry.name == victim):
            path = tmp_path / victim
            path.rmdir() if path.is_dir() else path.unlink()

    sys.setprofile(vanish)
    try:
        total = usage_bytes(tmp_path)
    finally:
        sys.setprofile(None)

    assert not (tmp_path / victim).exists()
    if call == "stat":
        sizes.pop(victim)  # else it was counted before it vanished
    assert total == empty + sum(sizes.values())


def test_free_space_is_that_of_the_filesystem(tmp_path: Path) -> None:
    space = free(tmp_path)

    assert space.total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < space.available_bytes < space.total_bytes
    with pytest.raises(FileNotFoundError):
        free(tmp_path / "absent")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one that opens just one itself

    usage_bytes(tmp_path)

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
