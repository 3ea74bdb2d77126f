"""Hashing in a thread of its own."""

from __future__ import annotations

import hashlib
import threading

from bootstrap_monitor.adapters.archive.pipe import Pipe

_PENDING_BYTES = 8 * 1024 * 1024


class Hashing:
    """The sha256 of what is put, in order."""

    def __init__(self) -> None:
        self._chunks: Pipe[bytes] = Pipe(_PENDING_BYTES)
        self._hash = hashlib.sha256()
        self._thread = threading.Thread(target=self._run, name="archive hash", daemon=True)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        """Add ``chunk``. Raises :class:`Stopped` after :meth:`stop`."""
        self._chunks.put(chunk, len(chunk))

    def finish(self) -> None:
        """Nothing more comes."""
        self._chunks.finish()

    def hexdigest(self) -> str:
        """Of all that was put; waits for :meth:`finish`."""
        self._thread.join()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Take no more."""
        self._chunks.stop()

    def _run(self) -> None:
        for chunk in self._chunks:
            self._hash.update(chunk)
