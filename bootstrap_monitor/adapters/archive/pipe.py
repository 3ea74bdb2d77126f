"""A bounded queue from one thread to others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 - not an error
    """Nobody takes from the pipe any more."""


class Pipe(Generic[T]):
    """Holds items until they cost ``limit`` together, but at least one; taken by iteration, from any thread.

    ``stopped``: nothing more is taken.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[T, int]] = deque()
        self._cost = 0
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        """Who takes waits for it."""
        self._room = threading.Condition(self._lock)
        """Who puts waits for it."""
        self._finished = False
        self.stopped = False
        self._error: BaseException | None = None

    def put(self, item: T, cost: int) -> None:
        """Add ``item``; waits for room.

        :raises Stopped: nobody takes it; or whatever ended the other side, see :meth:`stop`.
        """
        with self._lock:
            while self._items and self._cost + cost > self._limit and not self.stopped:
                self._room.wait()
            if self.stopped:
                raise self._error or Stopped
            self._items.append((item, cost))
            self._cost += cost
            self._filled.notify()

    def finish(self, error: BaseException | None = None) -> None:
        """Nothing more comes: takers end when they have taken what is there, with ``error`` if there is one."""
        with self._lock:
            self._finished = True
            self._error = self._error or error
            self._filled.notify_all()

    def stop(self, error: BaseException | None = None) -> list[T]:
        """Nothing more is taken; gives back what is there. Whoever puts gets ``error``, or :class:`Stopped`."""
        with self._lock:
            self.stopped = self._finished = True
            self._error = self._error or error
            left = [item for item, _ in self._items]
            self._items.clear()
            self._filled.notify_all()
            self._room.notify_all()
        return left

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._lock:
                while not self._items and not self._finished:
                    self._filled.wait()
                if not self._items:
                    if self._error:
                        raise self._error
                    return
                item, cost = self._items.popleft()
                self._cost -= cost
                if 2 * self._cost <= self._limit:  # to wake who puts for each item would cost more than the item
                    self._room.notify_all()
            yield item
