"""What a source of an archive is to those who read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bootstrap_monitor.core.restore.identity import Identity


class Source(Protocol):
    """One archive. Besides what is named, each method raises :class:`TransientError` ``SourceUnreachable`` and
    :class:`ConfigurationError` ``SourceForbidden``, ``SourceNotFound`` or ``SourceRefused``.
    """

    @property
    def name(self) -> str:
        """For people: without secrets."""
        ...

    def identity(self) -> Identity:
        """What the name stands for, asked once, at the first call; with retries."""
        ...

    @property
    def ranged(self) -> bool:
        """Whether ranges can be had; known after :meth:`identity`."""
        ...

    def read(self, start: int = 0) -> Iterator[bytes]:
        """All bytes of that object from ``start``, in order and in bounded memory; resumes where it is cut.

        The iterator may be closed early; it then ends all of its threads and connections.

        :raises SourceChanged: before a byte of another object is given.
        """
        ...

    def read_range(self, start: int, stop: int) -> bytes:
        """The bytes ``[start, stop)``, all of them, with the same guards and retries. Safe in several threads.

        :raises SourceChanged: the object is another one, or the server does no ranges.
        """
        ...

    def close(self) -> None:
        """End every connection; reading fails from now on."""
        ...
