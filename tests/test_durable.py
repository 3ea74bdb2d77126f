from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bootstrap_monitor.durable import sync_folder


def test_a_folder_is_synced(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)


def test_what_knows_no_fsync_is_no_error() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(OSError, match="Invalid argument"):
            os.fsync(reading)
        sync_folder(reading)
    finally:
        os.close(reading)
        os.close(writing)


def test_every_other_failure_is_one() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)

    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        sync_folder(reading)

    assert caught.value.errno == errno.EBADF
