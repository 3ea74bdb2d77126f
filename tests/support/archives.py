"""Archives in memory, also such as no tool would make."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lz4.frame

from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.unpack import Unpacked, unpack
from bootstrap_monitor.core.archive.format import Format

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

AMPLE_BYTES = 1 << 40
Item = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", **fields: Any) -> Item:
    """A file; ``fields`` are those of :class:`tarfile.TarInfo`."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o644
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def folder(name: str, mode: int = 0o755) -> Item:
    return file(name, b"", type=tarfile.DIRTYPE, mode=mode)


def symlink(name: str, target: str) -> Item:
    return file(name, b"", type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, source: str) -> Item:
    return file(name, b"", type=tarfile.LNKTYPE, linkname=source)


def tar(*items: Item, format: int = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for info, content in items:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tree_tar(tree: dict[str, Any], prefix: str = "", format: int = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    """A tree as of :mod:`tests.support.trees`, without links."""
    return tar(*_items(tree, prefix), format=format)


def _items(tree: dict[str, Any], prefix: str) -> Iterator[Item]:
    for name, content in tree.items():
        if isinstance(content, dict):
            yield folder(prefix + name)
            yield from _items(content, f"{prefix}{name}/")
        else:
            yield file(prefix + name, content)


def packed(content: bytes, format_: Format) -> bytes:
    packers: dict[Format, Callable[[bytes], bytes]] = {
        Format.TAR: bytes,
        Format.GZIP: gzip.compress,
        Format.ZSTD: lambda data: zstd.compress(data, options={int(zstd.CompressionParameter.checksum_flag): 1}),
        Format.LZ4: lambda data: lz4.frame.compress(data, content_checksum=True),
        Format.XZ: lambda data: lzma.compress(data, preset=0),
        Format.BZIP2: lambda data: bz2.compress(data, compresslevel=1),
    }
    return packers[format_](content)


def chunked(content: bytes, size: int = 64 * 1024) -> Iterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def ignore(_progress: Progress) -> None:
    """Take no notice."""


def restored(chunks: bytes | Iterator[bytes], into: Path, **options: Any) -> Unpacked:
    """Unpack with ample room, unless ``options`` say otherwise."""
    defaults: dict[str, Any] = {
        "name_of_source": "archive",
        "room": lambda: AMPLE_BYTES,
        "reserve_bytes": 0,
        "progress": ignore,
    }
    return unpack(chunked(chunks) if isinstance(chunks, bytes) else chunks, into, **(defaults | options))


def open_descriptors() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a path does not list itself


def assert_threads_end() -> None:
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("archive")]
    for thread in ours:
        thread.join(60)
    assert not any(thread.is_alive() for thread in ours)
