"""A source of whatever server gives ranges: reads on where it was cut, by several connections at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

from bootstrap_monitor.adapters.archive_source.ahead import Ahead
from bootstrap_monitor.adapters.archive_source.patience import Patience
from bootstrap_monitor.adapters.archive_source.ranges import NoRanges, Ranges
from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.errors import SourceChanged, TransientError

PIECE_BYTES = 8 * 1024 * 1024


class RangedSource:
    """See :class:`~bootstrap_monitor.core.restore.source.Source`; owns ``ranges``.

    Pieces of ``piece_bytes`` are fetched by ``connections`` threads, so many are held at most; by the reading thread,
    from one stream, where there is one connection, the size is not known or only the whole can be had.
    """

    def __init__(
        self,
        ranges: Ranges,
        *,
        connections: int,
        retry_budget: timedelta,
        clock: Clock,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self.name = ranges.name
        self._ranges = ranges
        self._connections = connections
        self._clock = clock
        self._piece_bytes = piece_bytes
        self._patience = Patience(ranges.name, retry_budget, clock)
        self._resolving = threading.Lock()
        self._identity: Identity | None = None
        self._readers: set[Ahead] = set()
        self._closed = threading.Event()

    def identity(self) -> Identity:
        """What the name stands for, asked once; see the protocol."""
        with self._resolving:
            failures = 0
            while self._identity is None:
                began = self._clock.monotonic()
                try:
                    self._identity = self._ranges.resolve()
                    self._patience.arrived()
                except TransientError as error:
                    failures += 1
                    self._bear(error, began, failures, self._closed.is_set)
            return self._identity

    @property
    def ranged(self) -> bool:
        """Whether a range can be had, and nothing was seen that speaks against it."""
        return self._ranges.ranged and self.identity().tells

    def read(self, start: int = 0) -> Iterator[bytes]:
        """All bytes from ``start``; see the protocol."""
        size = self.identity().size
        if size is not None and start > size:
            raise SourceChanged(f"{self.name} has {size} bytes, {start} were read already")
        position = start
        if self._connections > 1 and self.ranged and size is not None:
            ahead = Ahead(self._fetch, start, size, piece_bytes=self._piece_bytes, connections=self._connections)
            self._readers.add(ahead)
            try:
                for chunk in ahead:
                    position += len(chunk)
                    yield chunk
            except NoRanges:
                pass  # known only now; the rest comes as one stream
            finally:
                self._readers.discard(ahead)
                ahead.stop()
        yield from self._fetch(position, None, self._closed.is_set)

    def read_range(self, start: int, stop: int) -> bytes:
        """The bytes of one range; see the protocol."""
        identity = self.identity()
        if identity.size is not None and stop > identity.size:
            raise SourceChanged(f"{self.name} has {identity.size} bytes, it should have {stop} at least")
        return b"".join(self._fetch(start, stop, self._closed.is_set))

    def close(self) -> None:
        """End every connection and thread."""
        self._closed.set()
        self._ranges.close()
        for ahead in list(self._readers):
            ahead.stop()

    def _fetch(self, start: int, stop: int | None, stopped: Callable[[], bool]) -> Iterator[bytes]:
        """The bytes ``[start, stop)``, to the end if ``stop`` is ``None``, in as many tries as it takes."""
        identity = self.identity()
        end = identity.size if stop is None else stop
        position, failures = start, 0
        while end is None or position < end:
            began = self._clock.monotonic()
            stream = self._ranges.open(identity, position, stop)
            try:
                for chunk in stream:
                    position += len(chunk)
                    failures = 0
                    self._patience.arrived()
                    yield chunk
                    began = self._clock.monotonic()  # who reads may have taken its time
            except SourceChanged:
                raise
            except TransientError as error:
                failures += 1
                self._bear(error, began, failures, stopped)
            else:
                return
            finally:
                close = getattr(stream, "close", None)
                if close:
                    close()

    def _bear(self, error: TransientError, began: float, failures: int, stopped: Callable[[], bool]) -> None:
        def ends() -> bool:
            return stopped() or self._closed.is_set()

        if not ends():
            self._patience.bear(error, began=began, failures=failures, stopped=ends)
        if ends():
            raise TryLater(f"{self.name} is closed") from error
