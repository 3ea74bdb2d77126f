"""One header of a tar: 512 bytes (POSIX.1-1988 ustar, GNU, v7)."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core.archive.refused import Refused, damaged

BLOCK = 512
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True, slots=True)
class Header:
    """The fields that matter here; sizes in bytes. ``block`` is all of it."""

    name: bytes
    mode: int
    size: int
    type: bytes
    link: bytes
    block: bytes


def parse(block: bytes) -> Header:
    """The header in ``block``, 512 bytes that are not all zero.

    :raises Refused: it is none.
    """
    if not _has_checksum(block):
        raise damaged("what should be a tar header has a wrong checksum")
    name = text(block[:100])
    if block.startswith(b"ustar\0", 257):
        end = 476 if block.endswith(b"tar\0") else 500  # star keeps times behind a shorter prefix
        if prefix := text(block[345:end]):
            name = prefix + b"/" + name
    return Header(name, number(block[100:108]), number(block[124:136]), block[156:157], text(block[157:257]), block)


def text(field: bytes) -> bytes:
    """A field up to its NUL, or all of it."""
    return field.partition(b"\0")[0]


def number(field: bytes) -> int:
    """Octal digits, or GNU's base 256, which the first bit announces.

    :raises Refused: it is neither, or negative.
    """
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise damaged("a tar header has a negative number")
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = text(field).strip(b" ")
    if not digits:
        return 0
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise damaged("a tar header has a number that is not octal")
    return int(digits, 8)


def _has_checksum(block: bytes) -> bool:
    """The sum of all bytes, the checksum's own taken as spaces; ancient writers summed signed ones."""
    try:
        expected = number(block[_CHECKSUM])
    except Refused:
        return False
    others = block[: _CHECKSUM.start] + block[_CHECKSUM.stop :]
    unsigned = sum(others) + 8 * 32
    return expected == unsigned or expected == unsigned - 256 * sum(byte > 127 for byte in others)
