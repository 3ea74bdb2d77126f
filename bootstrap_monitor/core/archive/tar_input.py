"""The bytes of a tar, taken block by block from chunks of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bootstrap_monitor.core.archive.header import BLOCK
from bootstrap_monitor.core.archive.refused import Refused, damaged


class TarInput:
    """``position`` is how many bytes of the tar were taken, and those before ``chunks``."""

    def __init__(self, chunks: Iterable[bytes], position: int = 0) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self.position = position

    def block(self) -> bytes:
        """The next block; empty at the end."""
        first = self._some(BLOCK)
        if not first:
            return b""
        if len(first) == BLOCK:
            return bytes(first)
        return b"".join([first, *self.pieces(BLOCK - len(first))])

    def needed_block(self) -> bytes:
        """The next block; its absence is an error."""
        if block := self.block():
            return block
        raise _cut()

    def padded(self, size: int) -> bytes:
        """``size`` bytes that are filled up to whole blocks."""
        content = b"".join(self.pieces(size))
        self.padding()
        return content

    def skip(self, size: int) -> None:
        """The same, dropped."""
        for _ in self.pieces(size):
            pass
        self.padding()

    def padding(self) -> None:
        """What fills the block up, dropped."""
        for _ in self.pieces(-self.position % BLOCK):
            pass

    def pieces(self, size: int) -> Iterator[memoryview]:
        """``size`` bytes, as parts of chunks."""
        while size:
            piece = self._some(size)
            if not piece:
                raise _cut()
            size -= len(piece)
            yield piece

    def only_zeros(self, where: str) -> None:
        """Read to the end. Raises :class:`Refused` for anything but zeros."""
        while rest := self._some(BLOCK * BLOCK):
            if bytes(rest).strip(b"\0"):
                raise damaged(f"there is more behind {where}")

    def _some(self, limit: int) -> memoryview:
        """At least a byte and at most ``limit``, of one chunk; empty at the end."""
        while not self._chunk:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._chunk = memoryview(chunk)
        piece = self._chunk[:limit]
        self._chunk = self._chunk[limit:]
        self.position += len(piece)
        return piece


def _cut() -> Refused:
    return damaged("the archive is cut: it ends inside a member")
