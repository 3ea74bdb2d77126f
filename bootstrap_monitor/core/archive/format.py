"""What an archive is packed with, told by its first bytes: names lie."""

from __future__ import annotations

from enum import StrEnum

DETECTION_BYTES = 512
"""How many leading bytes :func:`detect` looks at."""

_USTAR_AT = 257
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
"""Magic numbers of frames without content, which zstd and lz4 share (RFC 8878, section 3.1.2)."""


class Format(StrEnum):
    """A tar, plain or compressed by one of these."""

    TAR = "tar"
    GZIP = "gzip"
    ZSTD = "zstd"
    LZ4 = "lz4"
    XZ = "xz"
    BZIP2 = "bzip2"


_MAGIC = {
    b"\x1f\x8b": Format.GZIP,
    b"\x28\xb5\x2f\xfd": Format.ZSTD,
    b"\x04\x22\x4d\x18": Format.LZ4,
    b"\xfd7zXZ\x00": Format.XZ,
    b"BZh": Format.BZIP2,
}


def detect(first: bytes) -> Format | None:
    """The format of what begins with ``first`` (:data:`DETECTION_BYTES`, or all there is); None: none of ours.

    A plain tar is known by the magic of POSIX 1988 and later. Frames without content, as parallel zstd writes
    them, are passed over; where they hide what follows, zstd is assumed.
    """
    if first[_USTAR_AT : _USTAR_AT + 5] == b"ustar":
        return Format.TAR
    at = 0
    while int.from_bytes(first[at : at + 4], "little") in _SKIPPABLE:
        at += 8 + int.from_bytes(first[at + 4 : at + 8], "little")
        if at + 4 > len(first):
            return Format.ZSTD
    return next((format_ for magic, format_ in _MAGIC.items() if first.startswith(magic, at)), None)
