"""Unpacking a stream onto the volume: read ahead, hash, decompress, check and write, at once and in bounded memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.adapters.archive.decompress import decompress
from bootstrap_monitor.adapters.archive.memory import reuse_pieces
from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.read_ahead import ReadAhead
from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.adapters.archive.writing import Writing
from bootstrap_monitor.core.archive import tar
from bootstrap_monitor.core.archive.format import DETECTION_BYTES, Format, detect
from bootstrap_monitor.core.archive.layout import Layout
from bootstrap_monitor.core.archive.member import Member
from bootstrap_monitor.core.archive.refused import TOO_LARGE, Refused, damaged, hash_mismatch, shown, unsupported
from bootstrap_monitor.core.human_size import human_size


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came of it. ``skipped`` are leading parts of what the layout left out, for people; at most ten."""

    sha256: str
    archive_bytes: int
    bytes_written: int
    files: int
    format: Format
    skipped: tuple[str, ...] = ()


def unpack(
    chunks: Iterable[bytes],
    into: Path,
    *,
    name_of_source: str,
    format: Format | None = None,  # noqa: A002 - the option's name
    strip: int | None = None,
    room: Callable[[], int],
    reserve_bytes: int,
    progress: Callable[[Progress], None],
    expected_sha256: str | None = None,
    expected_size: int | None = None,
    protected: frozenset[str] = frozenset(),
) -> Unpacked:
    """Unpack the tar in ``chunks`` so that its ``db/`` becomes ``into/db`` (:class:`Layout` says how it is found).

    ``chunks`` are taken in a thread of their own. ``room`` gives the free bytes, of which ``reserve_bytes`` stay.
    ``progress`` is called for every few 100 KiB of the archive, in the caller's thread. ``protected`` are names in
    ``into`` that no member may have. On return all of it is durable, and verified against what was expected.

    :raises ConfigurationError: ``ArchiveDamaged``, ``ArchiveHashMismatch``, ``ArchiveUnsafe``, ``ArchiveTooLarge``,
        ``ArchiveLayout`` or ``ArchiveUnsupported``. What was unpacked is removed again, and nothing else.
    :raises TransientError: ``VolumeFailed``: writing failed. As with what ``chunks`` raise, and with
        :class:`Terminated`, what was unpacked stays.
    """
    reuse_pieces()
    source = _Source(chunks, expected_size)
    try:
        writing = Writing(into, Room(room, reserve_bytes))
    except BaseException:
        source.ahead.stop()
        raise

    def report() -> None:
        progress(Progress(source.bytes, writing.bytes_written, writing.files))

    try:
        layout = Layout(strip, protected)
        format_, content = _opened(source.chunks(report), format)
        write(tar.read(decompress(content, format_)), layout, writing)
        layout.finished()
        sha256 = source.ahead.sha256()
        _check_hash(sha256, expected_sha256)
        writing.finish()
    except Refused as refused:
        writing.undo()
        raise refused.of(name_of_source, source.outlook(refused, writing.bytes_written)) from refused
    except Exception:
        writing.stop()
        raise
    finally:
        source.ahead.stop()
        writing.abandon()
    report()
    return Unpacked(sha256, source.bytes, writing.bytes_written, writing.files, format_, tuple(layout.skipped))


def detected(first: bytes) -> Format:
    """The format of what begins with ``first``. Raises :class:`Refused` when it is none of ours."""
    if not first:
        raise damaged("it is empty")
    found = detect(first)
    if found is None:
        raise unsupported(
            f"its format is none of {', '.join(Format)}: it begins with {shown(first[:16])}",
            "Give an archive of one of these formats; a text that begins with '<' is a server's page, not an archive.",
        )
    return found


class _Source:
    """The archive's bytes, counted as they are taken."""

    def __init__(self, chunks: Iterable[bytes], expected_size: int | None) -> None:
        self.ahead = ReadAhead(chunks)
        self.bytes = 0
        self._expected_size = expected_size

    def outlook(self, refused: Refused, bytes_written: int) -> str:
        """Where room is what is missing: about how much the rest of the archive needs, if its size is known."""
        if refused.reason != TOO_LARGE or not self._expected_size or not self.bytes:
            return ""
        rest = bytes_written * max(self._expected_size - self.bytes, 0) // self.bytes
        return f"; the rest of the archive takes about {human_size(rest)}"

    def chunks(self, report: Callable[[], None]) -> Iterator[bytes]:
        """All of them. Raises :class:`Refused` when they are more, or at the end fewer, than expected."""
        for chunk in self.ahead:
            self.bytes += len(chunk)
            if self._expected_size is not None and self.bytes > self._expected_size:
                raise damaged(f"it has more than the {self._expected_size} bytes that were expected")
            yield chunk
            report()
        if self._expected_size not in {None, self.bytes}:
            raise damaged(f"it has {self.bytes} bytes, expected were {self._expected_size}")


def _opened(chunks: Iterator[bytes], given: Format | None) -> tuple[Format, Iterator[bytes]]:
    """The format, as given or detected, and all of the chunks."""
    taken: list[bytes] = []
    while sum(map(len, taken)) < DETECTION_BYTES and (chunk := next(chunks, None)) is not None:
        taken.append(chunk)
    found = given if given and taken else detected(b"".join(taken)[:DETECTION_BYTES])
    return found, itertools.chain(taken, chunks)


def write(members: Iterator[Member | tar.Data], layout: Layout, writing: Writing, *, wanted: bool = False) -> None:
    """Have ``members`` made where ``layout`` says; ``wanted``: so are data that come first."""
    for item in members:
        if isinstance(item, tar.Data):
            if wanted:
                writing.put(item)
            continue
        entry = layout.entry(item)
        wanted = entry is not None
        if entry:
            writing.put(entry)


def _check_hash(found: str, expected: str | None) -> None:
    if expected is not None and found != expected.lower():
        raise hash_mismatch(found, expected.lower())
