"""Reading a tar from chunks of any size: ustar, v7, GNU and PAX, with long names and sparse files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bootstrap_monitor.core.archive import header, pax, sparse
from bootstrap_monitor.core.archive.header import BLOCK, Header
from bootstrap_monitor.core.archive.member import Kind, Member
from bootstrap_monitor.core.archive.refused import damaged, shown, unsafe, unsupported
from bootstrap_monitor.core.archive.tar_input import TarInput

EXTENSION_LIMIT_BYTES = 1024 * 1024
"""Of one PAX header, or one GNU long name."""

_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.DEVICE,
    b"4": Kind.DEVICE,
    b"5": Kind.FOLDER,
    b"6": Kind.FIFO,
    b"D": Kind.FOLDER,
}
_WITHOUT_DATA = {b"1", b"2", b"3", b"4", b"5", b"6"}
"""Types whose size, if there is one, counts no data."""
_VOLUME_LABEL = b"V"


class Data(NamedTuple):
    """A piece of the file whose :class:`Member` came last; ``offset`` is its place in the file, in bytes."""

    offset: int
    content: memoryview


class Cut(NamedTuple):
    """Inside the data of a plain file. ``offset`` is how many of its bytes, padding included, lie before."""

    member: Member
    offset: int


def read(chunks: Iterable[bytes]) -> Iterator[Member | Data]:
    """Each member, a file followed by its data in order; holes of sparse files are left out.

    Reads to the end of ``chunks``, which has nothing but zeros behind the archive's end. A piece of data is
    part of a chunk, not a copy.

    :raises Refused: it is no tar, is cut, or has a part that makes no sense.
    """
    yield from Reader(TarInput(chunks)).members()


class Reader:
    """Reads from ``source``, see :func:`read`. It begins between members, or at ``cut``.

    With ``plain`` it takes nothing by which a member depends on more than its own headers: no hard links, no global
    PAX headers, and no sparse files.
    """

    def __init__(self, source: TarInput, *, cut: Cut | None = None, plain: bool = False) -> None:
        self._source = source
        self._plain = plain
        self._begin = cut
        self._between = False
        self._file: tuple[Member, int] | None = None
        """Whose data are being read, and the position of the first."""
        self._global: dict[bytes, bytes] = {}
        self._records: pax.Records = []
        self._long: dict[bytes, bytes] = {}
        """GNU's long name (``L``) and long link (``K``) of the next member."""

    @property
    def cut(self) -> Cut | None:
        """The file that the source's position is inside of."""
        if self._file is None:
            return None
        member, begin = self._file
        return Cut(member, self._source.position - begin)

    @property
    def between(self) -> bool:
        """Whether the source's position is between members."""
        return self._between and not self._source.position % BLOCK

    def members(self) -> Iterator[Member | Data]:
        """Each member, a file followed by its data; at ``cut`` the rest of the data comes first."""
        if self._begin:
            member, offset = self._begin
            yield from self._data(member, [(offset, max(member.size - offset, 0))], offset)
        while block := self._next():
            if not any(block):
                if self._records or self._long:
                    raise damaged("the archive ends where a member should be")
                self._source.only_zeros("the archive's end")
                return
            head = header.parse(block)
            if not self._extends(head):
                yield from self._member(head)
                self._records, self._long = [], {}
        raise damaged("the archive is cut: its end is missing")

    def _next(self) -> bytes:
        self._between = not (self._records or self._long)
        block = self._source.block()
        self._between = False
        return block

    def _extends(self, head: Header) -> bool:
        """Whether it is no member, but says something about the next ones."""
        if head.type in {b"x", b"X", b"g", b"L", b"K"}:
            if head.size > EXTENSION_LIMIT_BYTES:
                raise unsafe(head.name, f"is an extended header of more than {EXTENSION_LIMIT_BYTES} bytes")
            content = self._source.padded(head.size)
            if head.type == b"g":
                self._only_plain(head.name, "is a global PAX header")
                self._global = pax.merged(self._global, pax.parse(content))
            elif head.type in {b"L", b"K"}:
                self._long[head.type] = header.text(content)
            else:
                self._records += pax.parse(content)
            return True
        if head.type == _VOLUME_LABEL:
            self._source.skip(head.size)
            return True
        return False

    def _member(self, head: Header) -> Iterator[Member | Data]:
        values = pax.merged(self._global, self._records)
        name = values.get(b"GNU.sparse.name") or values.get(b"path") or self._long.get(b"L") or head.name
        link = values.get(b"linkpath") or self._long.get(b"K") or head.link
        kind = _KINDS.get(head.type, Kind.OTHER)
        stored = pax.number(values[b"size"]) if b"size" in values else head.size
        if head.type in _WITHOUT_DATA:
            stored = 0
        if kind is Kind.FILE and name.endswith(b"/") and head.type != b"S":
            kind = Kind.FOLDER  # as v7 marks them
        if kind is Kind.HARDLINK:
            self._only_plain(name, "is a hard link")
        if kind is not Kind.FILE:
            yield Member(name, kind, head.mode, link=link)
            self._source.skip(stored)
            return
        segments, size, in_map = self._segments(head, values, stored)
        sparse.check(segments, stored - in_map, size)
        if (segments, size, in_map) != ([(0, stored)], stored, 0):
            self._only_plain(name, "is a sparse file")
        member = Member(name, kind, head.mode, size)
        yield member
        yield from self._data(member, segments, 0)

    def _data(self, member: Member, segments: sparse.SparseMap, before: int) -> Iterator[Data]:
        self._file = member, self._source.position - before
        for offset, length in segments:
            at = offset
            for piece in self._source.pieces(length):
                yield Data(at, piece)
                at += len(piece)
        self._source.padding()
        self._file = None

    def _segments(self, head: Header, values: dict[bytes, bytes], stored: int) -> tuple[sparse.SparseMap, int, int]:
        """A file's segments, its size, and how many of its stored bytes are not data but the map."""
        source = self._source
        if head.type == b"S":
            size = sparse.real_size_of_old_header(head.block)
            return sparse.of_old_header(head.block, source.needed_block), size, 0
        if values.get(b"GNU.sparse.major") == b"1":
            before = source.position
            segments = sparse.of_data(source.needed_block)
            size = pax.number(values.get(b"GNU.sparse.realsize", b""))
            return segments, size, source.position - before
        if b"GNU.sparse.size" in values:
            return sparse.of_records(self._records), pax.number(values[b"GNU.sparse.size"]), 0
        return [(0, stored)], stored, 0

    def _only_plain(self, name: bytes, what: str) -> None:
        if self._plain:
            raise unsupported(
                f"member {shown(name)} {what}, which an archive in frames may not have",
                "Pack plain files, folders and symbolic links alone, or give metadata without frames.",
            )
