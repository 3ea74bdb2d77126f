"""Reading ahead of who unpacks, and hashing, in a thread of its own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

from bootstrap_monitor.adapters.archive.pipe import Pipe, Stopped

_AHEAD_BYTES = 4 * 1024 * 1024
_LEAST_BYTES = 256 * 1024
"""Smaller chunks are joined: handing one over costs the same for any size."""


class ReadAhead:
    """The chunks of an archive, from a thread that is ``_AHEAD_BYTES`` ahead; ended by the source's own error."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._ahead: Pipe[bytes] = Pipe(_AHEAD_BYTES)
        self._hash = hashlib.sha256()
        self._reading = threading.Thread(target=self._run_read, name="archive source", daemon=True)
        self._reading.start()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ahead)

    def sha256(self) -> str:
        """Of all bytes, in hex; to be asked for when all were taken."""
        self._reading.join()
        return self._hash.hexdigest()

    def stop(self) -> None:
        """Take no more. A source that stands still ends with its next chunk."""
        self._ahead.stop()

    def _run_read(self) -> None:
        error: BaseException | None = None
        try:
            for chunk in _joined(self._chunks):
                self._ahead.put(chunk, len(chunk))
                self._hash.update(chunk)  # meanwhile it is decompressed
        except Stopped:
            close = getattr(self._chunks, "close", None)  # a generator is closed where it runs
            if close:
                with suppress(Exception):
                    close()
        except BaseException as caught:  # noqa: BLE001 - handed to whoever takes
            error = caught
        self._ahead.finish(error)


def _joined(chunks: Iterable[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    size = 0
    for chunk in chunks:
        pending.append(chunk)
        size += len(chunk)
        if size >= _LEAST_BYTES:
            yield pending[0] if len(pending) == 1 else b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)
