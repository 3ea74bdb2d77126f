"""Ranges of one file, e.g. of a mounted volume."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator

from bootstrap_monitor.adapters.archive_source.refused import TryLater, forbidden, not_found, refused
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.errors import MonitorError, SourceChanged

_CHUNK_BYTES = 1024 * 1024
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM}
_NO_SUCH_FILE = {errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL}


class FileRanges:
    """One file; see :class:`~bootstrap_monitor.adapters.archive_source.ranges.Ranges`.

    Its identity is the size, and for an entity tag the time of change and the inode.
    """

    ranged = True

    def __init__(self, name: SourceName) -> None:
        self.name = name.shown
        self._path = name.path
        self._closed = False

    def resolve(self) -> Identity:
        """What the file is now."""
        try:
            descriptor = self._opened()
            try:
                return _identity(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._trouble(error) from error

    def open(self, identity: Identity, start: int, stop: int | None) -> Generator[bytes, None, None]:
        """The bytes, each chunk of them checked to be of that file; see the protocol."""
        size = identity.size or 0
        end = size if stop is None else min(stop, size)
        try:
            descriptor = self._opened()
            try:
                while start < end:
                    chunk = os.pread(descriptor, min(_CHUNK_BYTES, end - start), start)
                    if not chunk or _identity(descriptor) != identity:
                        raise SourceChanged(f"{self.name} was changed while it was read")
                    if self._closed:
                        raise TryLater(f"{self.name} is closed")
                    start += len(chunk)
                    yield chunk
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Reading ends with the next chunk."""
        self._closed = True

    def _opened(self) -> int:
        # Without waiting: a FIFO would until somebody writes.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise refused(self.name, "it is no file", do="Name a file.")
        return descriptor

    def _trouble(self, error: OSError) -> MonitorError:
        how = error.strerror or type(error).__name__
        if error.errno in _NOT_THERE:
            return not_found(self.name, how)
        if error.errno in _NOT_ALLOWED:
            return forbidden(self.name, how)
        if error.errno in _NO_SUCH_FILE:
            return refused(self.name, how, do="Name a file.")
        return TryLater(f"{self.name} cannot be read: {how}")


def _identity(descriptor: int) -> Identity:
    status = os.fstat(descriptor)
    return Identity(size=status.st_size, etag=f"{status.st_mtime_ns}-{status.st_ino}")
