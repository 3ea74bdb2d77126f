from __future__ import annotations

import struct
import tarfile
from typing import Any

import pytest

from bootstrap_monitor.core.archive import header, pax
from bootstrap_monitor.core.archive.member import Kind, Member
from bootstrap_monitor.core.archive.refused import Refused
from bootstrap_monitor.core.archive.tar import Data, read
from tests.support.archives import Item, chunked, file, folder, hardlink, symlink, tar

END = bytes(1024)


def members(archive: bytes, chunk: int = 700) -> list[tuple[Member, bytes]]:
    """Each member with its content, holes filled."""
    found: list[tuple[Member, bytearray]] = []
    for item in read(chunked(archive, chunk)):
        if isinstance(item, Data):
            found[-1][1][item.offset : item.offset + len(item.content)] = item.content
        else:
            found.append((item, bytearray(item.size)))
    return [(member, bytes(content)) for member, content in found]


def raw(name: bytes, content: bytes = b"", kind: bytes = b"0", size: bytes | None = None, rest: bytes = b"") -> bytes:
    """A header made by hand, and its content; ``rest`` replaces what begins at the magic."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2)
    block += (size or b"%011o\0" % len(content)) + b"00000000000\0" + b" " * 8 + kind + bytes(100)
    block += (rest or b"ustar  \0").ljust(255, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content + bytes(-len(content) % 512)


LONG = "d/" * 60 + "n" * 150
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


@pytest.mark.parametrize("format_", FORMATS.values(), ids=FORMATS)
def test_what_the_standard_library_writes(format_: int) -> None:
    long = "d/" * 60 + "n" * 90
    items = [folder("db", 0o700), file("db/a", b"1" * 5000), file(long, b""), file("größe", b"2"), symlink("l", "db/a")]
    items += [hardlink("h", "db/a"), file("fifo", b"", type=tarfile.FIFOTYPE), file("end", b"3" * 512)]
    assert members(tar(*items, format=format_)) == [
        (Member(b"db/", Kind.FOLDER, 0o700), b""),
        (Member(b"db/a", Kind.FILE, 0o644, 5000), b"1" * 5000),
        (Member(long.encode(), Kind.FILE, 0o644, 0), b""),
        (Member("größe".encode(), Kind.FILE, 0o644, 1), b"2"),
        (Member(b"l", Kind.SYMLINK, 0o644, link=b"db/a"), b""),
        (Member(b"h", Kind.HARDLINK, 0o644, link=b"db/a"), b""),
        (Member(b"fifo", Kind.FIFO, 0o644), b""),
        (Member(b"end", Kind.FILE, 0o644, 512), b"3" * 512),
    ]


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
def test_long_names_and_links(format_: int) -> None:
    items = [file(LONG), symlink(LONG + "l", LONG), hardlink("h", LONG), file("after")]
    assert [(member.name, member.link) for member, _ in members(tar(*items, format=format_))] == [
        (LONG.encode(), b""),
        (LONG.encode() + b"l", LONG.encode()),
        (b"h", LONG.encode()),
        (b"after", b""),
    ]


def extended(kind: bytes, *records: tuple[str, str]) -> bytes:
    return raw(b"pax", b"".join(record(key, value) for key, value in records), kind)


def record(key: str, value: str) -> bytes:
    text = f" {key}={value}\n".encode()
    length = len(text) + len(str(len(text)))
    return str(length + (len(str(length)) > len(str(len(text))))).encode() + text


def test_pax_headers_hold_for_one_member_global_ones_for_all_that_follow() -> None:
    archive = extended(b"g", ("path", "all"), ("comment", "c"))
    archive += raw(b"a") + extended(b"x", ("path", "one")) + raw(b"b") + raw(b"c") + extended(b"g", ("path", ""))
    archive += raw(b"d") + extended(b"x", ("size", "3")) + raw(b"e", size=b"00000000000\0") + b"xyz".ljust(512, b"\0")
    assert [(member.name, content) for member, content in members(archive + END)] == [
        (b"all", b""),
        (b"one", b""),
        (b"all", b""),
        (b"d", b""),
        (b"e", b"xyz"),
    ]


SPARSE = b"A" * 1000 + bytes(3096) + b"B" * 512 + bytes(392)
"""Two segments, (0, 1000) and (4096, 512), in 5000 bytes."""
STORED = b"A" * 1000 + b"B" * 512


def old_gnu(segments: list[tuple[int, int]], real: int) -> bytes:
    """Four segments in the header, 21 in each block that follows."""
    entries = [b"%011o\0%011o\0" % segment for segment in segments]
    first = b"".join(entries[:4]).ljust(96, b"\0")
    more = [entries[at : at + 21] for at in range(4, len(entries), 21)]
    rest = bytes(129) + first + bytes([bool(more)]) + b"%011o\0" % real
    blocks = b"".join(
        b"".join(part).ljust(504, b"\0") + bytes([number < len(more)]) + bytes(7) for number, part in enumerate(more, 1)
    )
    head = raw(b"s", kind=b"S", size=b"%011o\0" % sum(length for _, length in segments), rest=b"ustar  \0" + rest[8:])
    return head + blocks


def stored(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


MAP = b"2\n0\n1000\n4096\n512\n".ljust(512, b"\0")
V00 = [("GNU.sparse.size", "5000"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.offset", "0")]
V00 += [("GNU.sparse.numbytes", "1000"), ("GNU.sparse.offset", "4096"), ("GNU.sparse.numbytes", "512")]
V01 = [("GNU.sparse.size", "5000"), ("GNU.sparse.map", "0,1000,4096,512"), ("GNU.sparse.name", "s")]
V10 = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "5000"), ("GNU.sparse.name", "s")]
KINDS_OF_SPARSE = {
    "old": old_gnu([(0, 1000), (4096, 512), (5000, 0)], 5000) + stored(STORED),
    "0.0": extended(b"x", *V00) + raw(b"s", STORED),
    "0.1": extended(b"x", *V01) + raw(b"GNUSparseFile.1/s", STORED),
    "1.0": extended(b"x", *V10) + raw(b"GNUSparseFile.1/s", MAP + STORED),
}


@pytest.mark.parametrize("archive", KINDS_OF_SPARSE.values(), ids=KINDS_OF_SPARSE)
def test_sparse_files(archive: bytes) -> None:
    found = members(archive + raw(b"after", b"x") + END)
    assert found == [(Member(b"s", Kind.FILE, 0o644, 5000), SPARSE), (Member(b"after", Kind.FILE, 0o644, 1), b"x")]
    assert sum(len(item.content) for item in read([archive + END]) if isinstance(item, Data)) == len(STORED)


def test_old_sparse_files_of_many_segments() -> None:
    segments = [(number * 1024, 512) for number in range(50)]
    content = b"".join(bytes([number + 1]) * 512 for number in range(50))
    ((member, found),) = members(old_gnu(segments, 51_200) + content + END)
    assert member.size == 51_200
    assert found == b"".join(content[at : at + 512] + bytes(512) for at in range(0, len(content), 512))


def sparse_01(sizes: str, real: int = 5000) -> bytes:
    return extended(b"x", ("GNU.sparse.size", str(real)), ("GNU.sparse.map", sizes)) + raw(b"s", STORED) + END


SENSELESS: dict[str, tuple[bytes, str]] = {
    "no checksum": (b"x" * 512 + END, "checksum"),
    "wrong checksum": (raw(b"a").replace(b"0000644", b"0000645") + END, "checksum"),
    "size not octal": (raw(b"a", size=b"00000000009\0") + END, "not octal"),
    "size with a sign": (raw(b"a", size=b"-0000000001\0") + END, "not octal"),
    "negative size": (raw(b"a", size=b"\xff" * 12) + END, "negative"),
    "endless size": (raw(b"a", size=b"\x80" + b"\x7f" * 11) + END, "beyond all bounds"),
    "no end": (raw(b"a"), "end is missing"),
    "data cut": (raw(b"a", size=b"00000002000\0") + bytes(512), "inside a member"),
    "more behind the end": (raw(b"a") + END + raw(b"b") + END, "more behind"),
    "name without member": (raw(b"n", b"name\0", b"L") + END, "where a member should be"),
    "PAX header without member": (extended(b"x", ("path", "a")) + END, "where a member should be"),
    "PAX record without length": (raw(b"p", b"path=x\n", b"x") + raw(b"a") + END, "malformed"),
    "PAX record too long": (raw(b"p", b"99 path=x\n", b"x") + raw(b"a") + END, "malformed"),
    "PAX record without newline": (raw(b"p", b"9 path=xy", b"x") + raw(b"a") + END, "malformed"),
    "PAX record of length 0": (raw(b"p", b"0 path=x\n", b"x") + raw(b"a") + END, "malformed"),
    "PAX size": (extended(b"x", ("size", "-1")) + raw(b"a") + END, "number that is none"),
    "sparse, overlapping": (sparse_01("0,1000,999,512"), "overlap"),
    "sparse, descending": (sparse_01("4096,1000,0,512"), "overlap"),
    "sparse, incomplete": (sparse_01("0,1000,4096"), "incomplete"),
    "sparse, less than is stored": (sparse_01("0,1000"), "not that of its data"),
    "sparse, beyond the end": (sparse_01("0,1000,4096,512", 4600), "not that of its data"),
    "sparse 1.0, too many": (extended(b"x", *V10) + raw(b"s", b"9999999\n".ljust(512)) + END, "segments"),
    "sparse 1.0, no number": (extended(b"x", *V10) + raw(b"s", b"x\n".ljust(512)) + END, "number that is none"),
    "sparse 1.0, endless line": (extended(b"x", *V10) + raw(b"s", b"1" * 512) + END, "malformed"),
    "sparse 1.0, map beyond": (extended(b"x", *V10) + raw(b"s", b"") + MAP + STORED + END, "not that of its data"),
}


@pytest.mark.parametrize(("archive", "why"), SENSELESS.values(), ids=SENSELESS)
def test_what_makes_no_sense(archive: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        members(archive)
    assert caught.value.reason == "ArchiveDamaged"


def test_an_extended_header_is_bounded() -> None:
    for kind in (b"x", b"g", b"L", b"K"):
        with pytest.raises(Refused, match="more than 1048576 bytes") as caught:
            members(raw(b"n", size=b"%011o\0" % (1024 * 1024 + 1), kind=kind))
        assert caught.value.reason == "ArchiveUnsafe"


ODD: dict[str, tuple[bytes, list[tuple[Member, bytes]]]] = {
    "volume label": (raw(b"label", b"", b"V") + raw(b"a"), [(Member(b"a", Kind.FILE, 0o644), b"")]),
    "v7": (raw(b"a", b"x", b"\0", rest=bytes(8)), [(Member(b"a", Kind.FILE, 0o644, 1), b"x")]),
    "v7 folder": (raw(b"a/", b"", b"\0", rest=bytes(8)), [(Member(b"a/", Kind.FOLDER, 0o644), b"")]),
    "link with a size": (raw(b"a", size=b"00000001000\0", kind=b"1"), [(Member(b"a", Kind.HARDLINK, 0o644), b"")]),
    "listing of a folder": (raw(b"a", b"Yx\0", b"D"), [(Member(b"a", Kind.FOLDER, 0o644), b"")]),
    "contiguous file": (raw(b"a", b"x", b"7"), [(Member(b"a", Kind.FILE, 0o644, 1), b"x")]),
    "one block at the end": (raw(b"a"), [(Member(b"a", Kind.FILE, 0o644), b"")]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("archive", "found"), ODD.values(), ids=ODD)
def test_odd_members(archive: bytes, found: list[Any]) -> None:
    assert members(archive + bytes(512)) == found


@pytest.mark.parametrize("padding", [0, 1, 511, 512, 10_240])
def test_zeros_behind_the_end(padding: int) -> None:
    items: list[Item] = [file("a")]
    assert len(members(tar(*items) + bytes(padding))) == 1


@pytest.mark.parametrize(
    ("field", "number"),
    [
        (b"0000644\0", 0o644),
        (b"   644 \0", 0o644),
        (b"77777777", 0o77777777),
        (b"\0" * 8, 0),
        (b"       \0", 0),
        (b"\x80" + (1 << 40).to_bytes(11, "big"), 1 << 40),
        (struct.pack(">BQ", 0x80, 8 << 30), 8 << 30),
    ],
)
def test_numbers(field: bytes, number: int) -> None:
    assert header.number(field) == number


def test_an_ancient_checksum_of_signed_bytes() -> None:
    block = bytearray(raw("größe".encode()))
    others = block[:148] + b" " * 8 + block[156:]
    block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in others)
    assert header.parse(bytes(block)).name == "größe".encode()


def test_pax_records_may_hold_anything() -> None:
    content = record("path", "a=b\nc") + record("x", "y" * 95) + record("x", "") + b"\0\0"
    assert pax.parse(content) == [(b"path", b"a=b\nc"), (b"x", b"y" * 95), (b"x", b"")]
    assert pax.merged({b"x": b"0", b"z": b"1"}, pax.parse(content)) == {b"path": b"a=b\nc", b"z": b"1"}
