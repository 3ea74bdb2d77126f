from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.archive.pipe import Pipe, Stopped
from bootstrap_monitor.adapters.archive.syncing import Syncer
from tests.support.archives import assert_threads_end


def test_items_come_out_in_order_and_then_the_error() -> None:
    pipe: Pipe[int] = Pipe(10)
    pipe.put(1, 4)
    pipe.put(2, 4)
    pipe.finish(ValueError("late"))
    items = iter(pipe)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="late"):
        next(items)


def test_one_item_is_taken_whatever_it_costs() -> None:
    pipe: Pipe[int] = Pipe(1)
    pipe.put(1, 100)
    pipe.finish()
    assert list(pipe) == [1]


@pytest.mark.parametrize("error", [None, ValueError("gone")])
def test_who_waits_for_room_is_told_that_nobody_takes(error: Exception | None) -> None:
    pipe: Pipe[int] = Pipe(1)
    pipe.put(1, 1)
    raised: list[BaseException] = []

    def put() -> None:
        try:
            pipe.put(2, 1)
        except Exception as caught:  # noqa: BLE001 - looked at below
            raised.append(caught)

    thread = threading.Thread(target=put)
    thread.start()
    assert pipe.stop(error) == [1]
    thread.join(60)
    assert [type(caught) for caught in raised] == [type(error) if error else Stopped]


def test_what_is_synced_is_closed(tmp_path: Path) -> None:
    syncer = Syncer()
    syncer.start()
    descriptor = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    syncer.put(descriptor, 1)
    syncer.finish()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_sync_that_fails_is_told() -> None:
    reading, writing = os.pipe()  # which cannot be synced
    syncer = Syncer()
    syncer.start()
    syncer.put(writing, 1)
    with pytest.raises(OSError, match="Invalid argument"):
        syncer.finish()
    with pytest.raises(OSError, match="Invalid argument"):
        syncer.put(os.dup(reading), 1)
    os.close(reading)
    assert_threads_end()
