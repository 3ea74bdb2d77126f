"""Making files durable in the background, and dropping their pages: nobody reads them soon."""

from __future__ import annotations

import os
import threading

from bootstrap_monitor.adapters.archive.pipe import Pipe

_THREADS = 4
"""Filesystems join the syncs that wait at the same time."""
_PENDING_BYTES = 128 * 1024 * 1024
_LEAST_BYTES = 1024 * 1024
"""A job's cost, at least: so at most 128 descriptors are open."""


class Syncer:
    """Owns each descriptor that it is given: syncs and closes it."""

    def __init__(self) -> None:
        self._jobs: Pipe[int] = Pipe(_PENDING_BYTES)
        self._threads = [threading.Thread(target=self._run, name="archive sync", daemon=True) for _ in range(_THREADS)]
        self._error: OSError | None = None
        self._open = 0
        """Descriptors that are owned."""
        self._closed = threading.Condition()

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def put(self, descriptor: int, size: int) -> None:
        """Sync what was written, ``size`` bytes, and close. Raises :class:`OSError` when an earlier sync failed."""
        with self._closed:
            self._open += 1
        try:
            self._jobs.put(descriptor, max(size, _LEAST_BYTES))
        except BaseException:
            self._close(descriptor)
            raise

    def wait(self) -> None:
        """Wait until all so far is durable. Raises :class:`OSError`."""
        with self._closed:
            while self._open:
                self._closed.wait()
        if self._error:
            raise self._error

    def finish(self) -> None:
        """Wait until all is durable. Raises :class:`OSError`."""
        self._jobs.finish()
        self.join()
        if self._error:
            raise self._error

    def stop(self) -> None:
        """Forget what was not begun."""
        for descriptor in self._jobs.stop(self._error):
            self._close(descriptor)

    def join(self) -> None:
        """Wait for the threads."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            for descriptor in self._jobs:
                try:
                    os.fsync(descriptor)
                    if hasattr(os, "posix_fadvise"):
                        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                except OSError as error:
                    self._error = self._error or error
                    raise
                finally:
                    self._close(descriptor)
        except OSError:
            self.stop()

    def _close(self, descriptor: int) -> None:
        os.close(descriptor)
        with self._closed:
            self._open -= 1
            self._closed.notify_all()
