from __future__ import annotations

import gzip

import pytest

from bootstrap_monitor.core.archive.format import Format, detect

SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00size"


@pytest.mark.parametrize(
    ("first", "format_"),
    [
        (gzip.compress(b"", mtime=0), Format.GZIP),
        (b"\x28\xb5\x2f\xfd", Format.ZSTD),
        (SKIPPABLE + b"\x28\xb5\x2f\xfd", Format.ZSTD),
        (SKIPPABLE * 2 + b"\x04\x22\x4d\x18", Format.LZ4),
        (b"\x5f\x2a\x4d\x18\xff\xff\xff\xff", Format.ZSTD),
        (b"\x04\x22\x4d\x18", Format.LZ4),
        (b"\xfd7zXZ\x00", Format.XZ),
        (b"BZh9", Format.BZIP2),
        (b"db/".ljust(257, b"\0") + b"ustar\x0000", Format.TAR),
        (b"db/".ljust(257, b"\0") + b"ustar  \0", Format.TAR),
        (b"\x1f\x8b".ljust(257, b"a") + b"ustar  \0", Format.TAR),
        (b"PK\x03\x04", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_by_magic_bytes(first: bytes, format_: Format | None) -> None:
    assert detect(first) is format_
