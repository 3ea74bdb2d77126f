"""Pieces of an object, fetched by several threads ahead of who reads, and handed out in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Fetch = Callable[[int, int, Callable[[], bool]], Iterator[bytes]]
"""The bytes ``[start, stop)``; may end early with any error when the third argument says so."""


@dataclass(slots=True)
class _Piece:
    chunks: list[bytes] = field(default_factory=list)
    done: bool = False
    error: BaseException | None = None


class Ahead:
    """Iterates over the bytes ``[start, stop)``. Holds ``connections`` pieces at most; :meth:`stop` is a duty."""

    def __init__(self, fetch: Fetch, start: int, stop: int, *, piece_bytes: int, connections: int) -> None:
        self._fetch = fetch
        self._starts = range(start, stop, piece_bytes)
        self._stop_byte = stop
        self._connections = connections
        self._pieces: dict[int, _Piece] = {}
        self._reading = 0
        self._fetching = 0
        self._stopped = False
        self._lock = threading.Lock()
        self._readable = threading.Condition(self._lock)
        """Who reads waits for it."""
        self._room = threading.Condition(self._lock)
        """Connections wait for it."""
        for number in range(min(connections, len(self._starts))):
            threading.Thread(target=self._run, name=f"archive connection {number + 1}", daemon=True).start()

    def stop(self) -> None:
        """Fetch no more: threads end with their next chunk, and at the latest when their connection times out."""
        with self._lock:
            self._stopped = True
            self._pieces.clear()
            self._readable.notify_all()
            self._room.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether it was stopped; an iteration that goes on ends then."""
        return self._stopped

    def __iter__(self) -> Iterator[bytes]:
        while self._reading < len(self._starts) and not self._stopped:
            with self._lock:
                self._readable.wait_for(self._something_to_read)
                piece = self._pieces.get(self._reading)
                if piece is None:  # stopped
                    return
                chunks, piece.chunks = piece.chunks, []
                done = piece.done
            yield from chunks
            del chunks
            if not done:
                continue
            if piece.error:
                raise piece.error
            with self._lock:
                self._pieces.pop(self._reading, None)
                self._reading += 1
                self._room.notify_all()

    def _something_to_read(self) -> bool:
        piece = self._pieces.get(self._reading)
        return self._stopped or (piece is not None and (piece.done or bool(piece.chunks)))

    def _run(self) -> None:
        while (number := self._next()) is not None:
            piece = self._pieces[number]
            try:
                self._fill(piece, self._starts[number])
            except BaseException as error:  # noqa: BLE001 - handed to whoever reads
                piece.error = error
            with self._lock:
                piece.done = True
                self._readable.notify_all()
            if piece.error:
                return

    def _next(self) -> int | None:
        with self._lock:
            self._room.wait_for(lambda: self._stopped or self._fetching < self._reading + self._connections)
            if self._stopped or self._fetching >= len(self._starts):
                return None
            number = self._fetching
            self._fetching += 1
            self._pieces[number] = _Piece()
            return number

    def _fill(self, piece: _Piece, start: int) -> None:
        stop = min(start + self._starts.step, self._stop_byte)
        for chunk in self._fetch(start, stop, lambda: self._stopped):
            with self._lock:
                if self._stopped:
                    return
                piece.chunks.append(chunk)
                if piece is self._pieces.get(self._reading):
                    self._readable.notify_all()
