"""Decompressing a stream piece by piece: one decompressor a format, all driven the same way.

The libraries are imported where they are used: a start without an archive pays for none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Protocol, cast

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.archive.refused import Refused, damaged, unsupported

OUTPUT_BYTES = 1024 * 1024
"""At most so much comes out at once."""
_INPUT_BYTES = 256 * 1024
"""So much goes in at once: decompressors copy what they do not need yet."""
ZSTD_WINDOW_LOG = 27
"""128 MiB: what ``zstd -d`` takes without ``--long``. Windows of more than 8 MiB need memory of that size."""
XZ_MEMORY_BYTES = 128 * 1024 * 1024
"""Enough for ``xz -9``, which needs 65 MiB."""


class _Decompressor(Protocol):
    """Of one gzip member, zstd or lz4 frame, or xz or bzip2 stream."""

    @property
    def eof(self) -> bool:
        """Whether it is at its end."""
        ...

    @property
    def needs_input(self) -> bool:
        """False: it has more to give for what it was given."""
        ...

    @property
    def unused_data(self) -> bytes | None:
        """What came behind its end."""
        ...

    def decompress(self, data: bytes | memoryview, /, max_length: int) -> bytes:
        """At most ``max_length`` bytes; raises an error of the library's own."""
        ...


def decompress(chunks: Iterator[bytes], format_: Format) -> Iterator[bytes]:
    """The content of ``chunks``, whatever their size, in pieces of at most :data:`OUTPUT_BYTES`.

    Members and frames follow each other. Behind them there may be zeros, and nothing else: what a tool would ignore
    with a warning may as well be a download that went wrong.

    :raises Refused: the data is damaged, cut, followed by something else, or needs too much memory.
    """
    if format_ is Format.TAR:
        return chunks
    make, error = _library(format_)
    return _members(chunks, format_, make, error)


def _members(
    chunks: Iterator[bytes], format_: Format, make: Callable[[], _Decompressor], library_error: type[Exception]
) -> Iterator[bytes]:
    unit: _Decompressor | None = None
    ended, silent = 0, True
    for piece in _pieces(chunks):
        data: bytes | memoryview = piece
        while True:
            if unit is None:
                data = bytes(data).lstrip(b"\0") if ended else data
                if not data:
                    break
                unit, silent = make(), True
            try:
                out = unit.decompress(data, max_length=OUTPUT_BYTES)
            except library_error as error:
                raise _refused(format_, error, is_behind=bool(ended and silent)) from error
            if out:
                silent = False
                yield out
            if unit.eof:
                data, unit, ended = unit.unused_data or b"", None, ended + 1
            elif unit.needs_input:
                break
            else:
                data = b""
    if unit or not ended:
        raise damaged(f"the archive is cut: its {format_} data has no end")


def _pieces(chunks: Iterator[bytes]) -> Iterator[memoryview]:
    for chunk in chunks:
        view = memoryview(chunk)
        for at in range(0, len(view), _INPUT_BYTES):
            yield view[at : at + _INPUT_BYTES]


def _refused(format_: Format, error: Exception, *, is_behind: bool) -> Refused:
    """The libraries tell by text alone that a limit was met. ``is_behind``: it came where a next member may begin."""
    if "too much memory" in str(error):
        return unsupported(
            f"its zstd window is larger than {1 << (ZSTD_WINDOW_LOG - 20)} MiB",
            f"Compress the archive again without --long, or with --long={ZSTD_WINDOW_LOG} at most.",
        )
    if "Memory usage limit" in str(error):
        return unsupported(
            f"its xz dictionary needs more than {XZ_MEMORY_BYTES >> 20} MiB",
            "Compress the archive again with xz -9 at most, or better with zstd.",
        )
    if is_behind:
        return damaged(f"there is something else behind the end of its {format_} data")
    return damaged(f"its {format_} data is damaged: {error}")


def _library(format_: Format) -> tuple[Callable[[], _Decompressor], type[Exception]]:
    """What makes a decompressor, and the error that it raises."""
    if format_ is Format.GZIP:
        from isal import igzip_lib  # noqa: PLC0415 - see above

        return lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), cast(type[Exception], igzip_lib.error)
    if format_ is Format.ZSTD:
        return _zstd()
    if format_ is Format.LZ4:
        import lz4.frame  # noqa: PLC0415 - see above

        return lz4.frame.LZ4FrameDecompressor, RuntimeError
    if format_ is Format.XZ:
        import lzma  # noqa: PLC0415 - see above

        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES), lzma.LZMAError
    import bz2  # noqa: PLC0415 - see above

    return bz2.BZ2Decompressor, OSError


def _zstd() -> tuple[Callable[[], _Decompressor], type[Exception]]:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - see above
    else:
        from backports import zstd  # noqa: PLC0415 - see above
    options = {int(zstd.DecompressionParameter.window_log_max): ZSTD_WINDOW_LOG}
    return lambda: zstd.ZstdDecompressor(options=options), zstd.ZstdError
