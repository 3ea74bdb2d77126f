"""Where the data of a sparse file belongs: GNU's old format, and 0.0, 0.1 and 1.0 in PAX headers.

A map is of segments ``(offset, length)``, in bytes, ascending; what lies between is zeros.
"""

from __future__ import annotations

from collections.abc import Callable

from bootstrap_monitor.core.archive import header, pax
from bootstrap_monitor.core.archive.refused import Refused, damaged

SparseMap = list[tuple[int, int]]

SEGMENT_LIMIT = 65_536
"""Segments of one file: a bound on memory."""
SIZE_LIMIT = (1 << 63) - 1
"""Bytes of one file: what systems count by."""
_LINE_LIMIT = 20


def of_old_header(block: bytes, next_block: Callable[[], bytes]) -> SparseMap:
    """The map in a header of type ``S`` and the blocks of more segments that follow it."""
    segments = _entries(block[386:482])
    more = block[482]
    while more:
        block = next_block()
        segments += _entries(block[:504])
        more = block[504]
        _bounded(segments)
    return segments


def real_size_of_old_header(block: bytes) -> int:
    """The file's size with its holes."""
    return header.number(block[483:495])


def of_records(records: pax.Records) -> SparseMap:
    """The map of formats 0.0 and 0.1, which lies in the PAX header itself."""
    numbers = [
        pax.number(part)
        for key, value in records
        if key in {b"GNU.sparse.offset", b"GNU.sparse.numbytes", b"GNU.sparse.map"}
        for part in value.split(b",")
    ]
    if len(numbers) % 2:
        raise damaged("a sparse file's map is incomplete")
    return _bounded(list(zip(numbers[::2], numbers[1::2], strict=True)))


def of_data(next_block: Callable[[], bytes]) -> SparseMap:
    """The map of format 1.0: decimal lines at the beginning of the data, filled up to whole blocks."""
    pending = bytearray()

    def line() -> int:
        while (end := pending.find(b"\n", 0, _LINE_LIMIT + 1)) < 0:
            if len(pending) > _LINE_LIMIT:
                raise damaged("a sparse file's map is malformed")
            pending.extend(next_block())
        value = bytes(pending[:end])
        del pending[: end + 1]
        return pax.number(value)

    count = line()
    if count > SEGMENT_LIMIT:
        raise _too_many()
    return [(line(), line()) for _ in range(count)]


def check(segments: SparseMap, stored_bytes: int, real_bytes: int) -> None:
    """Whether they ascend without overlap, hold just what is stored, and end within the file.

    :raises Refused: they don't.
    """
    if real_bytes > SIZE_LIMIT:
        raise damaged("a file's size is beyond all bounds")
    at = 0
    for offset, length in segments:
        if offset < at:
            raise damaged("a sparse file's segments overlap")
        at = offset + length
    if at > real_bytes or sum(length for _, length in segments) != stored_bytes:
        raise damaged("a sparse file's map is not that of its data")


def _entries(area: bytes) -> SparseMap:
    pairs = (area[at : at + 24] for at in range(0, len(area), 24))
    return [(header.number(pair[:12]), header.number(pair[12:])) for pair in pairs if pair[0]]


def _bounded(segments: SparseMap) -> SparseMap:
    if len(segments) > SEGMENT_LIMIT:
        raise _too_many()
    return segments


def _too_many() -> Refused:
    return damaged(f"a sparse file has more than {SEGMENT_LIMIT} segments")
