"""One slow computation beside the loop, which asks now and then whether it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    """A result to come."""

    def done(self) -> bool:
        """Whether there is a result."""
        ...

    def result(self) -> T_co:
        """The result, once done; raises what the computation raised."""
        ...


class InThread(Generic[T]):
    """Runs it in a daemonic thread: one that blocks on a dead volume does not keep the process from ending."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._values: list[T] = []
        self._error: Exception | None = None
        self._done = False
        threading.Thread(target=self._run, daemon=True).start()

    def done(self) -> bool:
        """Whether there is a result."""
        return self._done

    def result(self) -> T:
        """The result, once done; raises what the computation raised."""
        if self._error:
            raise self._error
        return self._values[0]

    def _run(self) -> None:
        try:
            value = self._compute()
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            self._error = error
        else:
            self._values.append(value)
        self._done = True
