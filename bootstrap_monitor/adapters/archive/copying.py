"""Copying files by several threads: extents are shared (FICLONE) where both are on a filesystem that can."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bootstrap_monitor.adapters.archive.pipe import Pipe, Stopped
from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.adapters.archive.syncing import Syncer
from bootstrap_monitor.adapters.archive.tree_writer import TreeWriter
from bootstrap_monitor.adapters.archive.writing import volume_errors
from bootstrap_monitor.core.archive.member import Entry
from bootstrap_monitor.effects import effect
from bootstrap_monitor.errors import TransientError

_THREADS = 4
_PENDING_FILES = 16
_PIECE_BYTES = 1024 * 1024
_REPORT_SECONDS = 1.0
_FICLONE = 0x40049409
"""linux/fs.h: the file shares the other's extents; each side's later writes are its own."""
_NOT_HERE = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM}


class _Job(NamedTuple):
    source: int
    target: int
    size: int

    def close(self) -> None:
        os.close(self.source)
        os.close(self.target)


class Copying:
    """Makes entries in the caller's thread and copies the files' content in others.

    What goes wrong there comes out of the next call, as :class:`Refused` or :class:`TransientError`.
    """

    def __init__(self, into: Path, room: Room) -> None:
        self._into = into
        self._room = room
        self._syncer = Syncer()
        with volume_errors(into, room):
            self._tree = TreeWriter(into, room, self._syncer)
        self._syncer.start()
        self._jobs: Pipe[_Job] = Pipe(_PENDING_FILES)
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self.bytes_copied = 0
        self.bytes_shared = 0
        self._threads = [threading.Thread(target=self._run, name="archive copy", daemon=True) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    @property
    def files(self) -> int:
        """Files begun, so far."""
        return self._tree.files

    def make(self, entry: Entry) -> None:
        """Make what is no file."""
        with volume_errors(self._into, self._room):
            self._tree.make(entry)

    @effect("restore.copy file")
    def copy(self, entry: Entry, source: int) -> None:
        """Make a file with the content of ``source``, which is closed when it is done."""
        try:
            self.make(entry)
        except BaseException:
            os.close(source)
            raise
        job = _Job(source, self._tree.take_file(), entry.size)
        try:
            self._jobs.put(job, 1)
        except BaseException:
            job.close()
            raise

    def finish(self, report: Callable[[], None]) -> None:
        """Wait until all is copied and durable, and ``report`` now and then."""
        self._jobs.finish()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_REPORT_SECONDS)
                report()
        if self._error:
            raise self._error
        with volume_errors(self._into, self._room):
            self._tree.finish()
        self._tree.close()

    def undo(self) -> None:
        """Stop, and remove all that was made."""
        self._halt()
        with volume_errors(self._into, self._room):
            self._tree.remove()
        self._tree.close()

    def stop(self) -> None:
        """Stop, and leave what was made."""
        self._halt()
        self._tree.close()

    def abandon(self, error: BaseException | None = None) -> None:
        """Have the threads end, without waiting for a volume that may stand still."""
        for job in self._jobs.stop(error):
            job.close()
        self._syncer.stop()

    def _halt(self) -> None:
        self.abandon()
        for thread in self._threads:
            thread.join()
        self._syncer.join()

    def _run(self) -> None:
        try:
            with volume_errors(self._into, self._room):
                for job in self._jobs:
                    self._fill(job)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            self._error = self._error or error
            self.abandon(error)

    def _fill(self, job: _Job) -> None:
        try:
            if _clone(job):
                self._count(job.size, job.size)
            else:
                self._copy(job)
        except BaseException:
            os.close(job.target)
            raise
        finally:
            os.close(job.source)
        self._syncer.put(job.target, job.size)

    def _copy(self, job: _Job) -> None:
        step, copied = _by_kernel, 0
        while copied < job.size and not self._jobs.stopped:
            left = job.size - copied
            self._room.take(min(left, _PIECE_BYTES), left)
            try:
                size = step(job)
            except OSError as error:
                if step is not _by_kernel or error.errno not in _NOT_HERE:
                    raise
                step = _by_hand
                size = step(job)
            if not size:
                raise TransientError("a file became shorter while it was copied", reason="SourceFailed")
            copied += size
            self._count(size, 0)

    def _count(self, copied: int, shared: int) -> None:
        with self._lock:
            self.bytes_copied += copied
            self.bytes_shared += shared


def _clone(job: _Job) -> bool:
    if sys.platform != "linux" or not job.size:
        return False
    import fcntl  # noqa: PLC0415 - not everywhere

    with suppress(OSError):  # whatever the reason, a copy is the answer
        fcntl.ioctl(job.target, _FICLONE, job.source)
        return True
    return False


def _by_kernel(job: _Job) -> int:
    """Copy the next piece without reading it; 0 at the end."""
    if not hasattr(os, "copy_file_range"):
        raise OSError(errno.ENOSYS, "no copy_file_range")
    return os.copy_file_range(job.source, job.target, _PIECE_BYTES)


def _by_hand(job: _Job) -> int:
    content = memoryview(os.read(job.source, _PIECE_BYTES))
    size = len(content)
    while content:
        content = content[os.write(job.target, content) :]
    return size
