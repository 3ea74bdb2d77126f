"""What a server of objects can do: ranges of one object, each asked for once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.errors import SourceChanged


class NoRanges(SourceChanged):
    """A range was asked for where only the whole can be had."""


class Ranges(Protocol):
    """One object on one server. No method tries again; all are safe in several threads."""

    @property
    def name(self) -> str:
        """For people: without secrets."""
        ...

    @property
    def ranged(self) -> bool:
        """Whether the server gives ranges; known once :meth:`resolve` returned, but it may turn out not to."""
        ...

    def resolve(self) -> Identity:
        """What the name stands for at the moment.

        :raises TransientError: there is no answer, or one that may be another one later.
        :raises ConfigurationError: the server refuses.
        """
        ...

    def open(self, identity: Identity, start: int, stop: int | None) -> Iterator[bytes]:
        """The bytes ``[start, stop)`` of the object ``identity``, to the end if ``stop`` is ``None``.

        Ends only when they are complete. Closing the iterator (it is a generator) closes the connection.

        :raises NoRanges: the server does no ranges, and ``stop`` is given and is not the whole.
        :raises SourceChanged: the object is another one, or a range of it cannot be had safely.
        :raises TransientError: the connection was cut, stood still, or did not come about.
        :raises ConfigurationError: the server refuses.
        """
        ...

    def close(self) -> None:
        """End every connection."""
        ...
