"""The processes of containers, recorded in the kubelet's folder: those that outlive a kubelet are found."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil

CLOCK_SECONDS = 2
"""Start times are told by a clock that may be corrected."""
GONE_SECONDS = 10.0
POLL_SECONDS = 0.01


class Records:
    """A file for each process that leads a container."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "processes"
        self._folder.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            (self._folder / str(pid)).write_text(json.dumps(psutil.Process(pid).create_time()))

    def remove(self, pid: int) -> None:
        (self._folder / str(pid)).unlink(missing_ok=True)


def kill(folder: Path) -> None:
    """SIGKILL to all containers that the kubelet of this folder has left, and no more records of them."""
    for record in (folder / "processes").glob("*"):
        group, created_seconds = int(record.name), json.loads(record.read_text() or "0")
        processes = members(group)
        # A number alone proves nothing: it may be another process's by now.
        if all(abs(one.create_time() - created_seconds) < CLOCK_SECONDS for one in processes if one.pid == group):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            give_up_at = time.monotonic() + GONE_SECONDS
            while members(group) and time.monotonic() < give_up_at:
                time.sleep(POLL_SECONDS)
        record.unlink()


def members(group: int) -> list[psutil.Process]:
    """The processes of a group that have not ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return []
    except PermissionError:  # so does macOS of a group that waits to be reaped
        return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
