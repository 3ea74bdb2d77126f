from __future__ import annotations

import os
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.adapters.archive.syncing import Syncer
from bootstrap_monitor.adapters.archive.tree_writer import TreeWriter
from bootstrap_monitor.core.archive.member import Entry, Kind
from tests.support.archives import AMPLE_BYTES, assert_threads_end


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_who_waits_goes_on_when_all_is_synced(root: Path) -> None:
    syncer = Syncer()
    syncer.start()
    descriptors = [os.open(root / str(number), os.O_WRONLY | os.O_CREAT) for number in range(50)]
    for descriptor in descriptors:
        os.write(descriptor, b"content")
        syncer.put(descriptor, 7)
    syncer.wait()
    assert not any(is_open(descriptor) for descriptor in descriptors)
    syncer.finish()
    assert_threads_end()


def test_who_waits_learns_of_a_sync_that_failed(root: Path) -> None:
    syncer = Syncer()
    syncer.start()
    reading, writing = os.pipe()
    syncer.put(writing, 1)  # a pipe cannot be synced
    with pytest.raises(OSError, match=r"Invalid argument|not supported"):
        syncer.wait()
    with pytest.raises(OSError, match=r"Invalid argument|not supported"):
        syncer.finish()
    os.close(reading)
    assert_threads_end()


class Recorded(Syncer):
    """Tells which files were to be synced before somebody waited."""

    def __init__(self) -> None:
        super().__init__()
        self.files: set[int] = set()
        self.waited_for: list[set[int]] = []

    def put(self, descriptor: int, size: int) -> None:
        self.files.add(os.fstat(descriptor).st_ino)
        super().put(descriptor, size)

    def wait(self) -> None:
        super().wait()
        self.waited_for.append(set(self.files))


def test_what_is_durable_on_the_way_is_all_so_far_and_the_file_that_goes_on(root: Path) -> None:
    syncer = Recorded()
    syncer.start()
    tree = TreeWriter(root, Room(lambda: AMPLE_BYTES, 0), syncer)
    for name in (b"first", b"second"):
        tree.make(Entry((b"db", name), Kind.FILE, 0o644, 10))
        tree.write(0, memoryview(b"12345"))
    tree.sync()
    tree.write(5, memoryview(b"67890"))
    assert syncer.waited_for == [{(root / "db" / name).stat().st_ino for name in ("first", "second")}]
    tree.finish()
    tree.close()
    assert (root / "db/second").read_bytes() == b"1234567890"
    assert_threads_end()
