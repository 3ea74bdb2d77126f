"""Unpacking an archive in frames: fetched and decompressed side by side, gone on with by a later process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.adapters.archive.frame_reader import Fetch, FrameReader, check_limits, wrong_metadata
from bootstrap_monitor.adapters.archive.memory import reuse_pieces
from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.adapters.archive.unpack import Unpacked, detected, write
from bootstrap_monitor.adapters.archive.writing import Writing
from bootstrap_monitor.core.archive.format import DETECTION_BYTES, Format
from bootstrap_monitor.core.archive.layout import Layout
from bootstrap_monitor.core.archive.member import Kind, Member
from bootstrap_monitor.core.archive.refused import Refused, shown
from bootstrap_monitor.core.archive.tar import Cut, Reader
from bootstrap_monitor.core.archive.tar_input import TarInput
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore import checkpoint as checkpoints
from bootstrap_monitor.core.restore.checkpoint import Checkpoint, NotResumable
from bootstrap_monitor.core.restore.metadata import Frame, Metadata
from bootstrap_monitor.errors import TransientError

CHECKPOINT_BYTES = 1024**3
"""Of the tar: at a checkpoint all waits until what came before is durable."""


def unpack_frames(
    fetch: Fetch,
    metadata: Metadata,
    into: Path,
    *,
    name_of_source: str,
    format: Format | None = None,  # noqa: A002 - the option's name
    strip: int | None = None,
    connections: int,
    room: Callable[[], int],
    reserve_bytes: int,
    progress: Callable[[Progress], None],
    checkpoint: Callable[[JsonObject | None], None],
    resume_from: JsonObject | None = None,
    protected: frozenset[str] = frozenset(),
    checkpoint_bytes: int = CHECKPOINT_BYTES,
) -> Unpacked:
    """Unpack the archive whose frames ``metadata`` lists, as :func:`unpack` does.

    ``fetch`` gives the bytes ``[start, stop)`` of the archive and is called by ``connections`` threads. ``checkpoint``
    gets what ``resume_from`` takes, when all before it is durable: every ``checkpoint_bytes`` of the tar, and before
    the source's error is passed on; and ``None`` before anything is removed. With ``resume_from`` the frames before it
    are not fetched again; nobody else may have changed ``into`` meanwhile. Amounts are of all the archive. ``sha256``
    is for the caller to compare; it is empty where not all frames were read.

    :raises ConfigurationError: as of :func:`unpack`. What this call made is removed again, and nothing else.
    :raises NotResumable: ``resume_from`` is of other metadata or options, or ``into`` is not as it was left.
    :raises TransientError: ``VolumeFailed``: writing failed. As with what ``fetch`` and ``checkpoint`` raise, and with
        :class:`Terminated`, what was unpacked stays.
    """
    reuse_pieces()
    try:
        check_limits(metadata)
        begin = _begin(fetch, metadata, format, strip, resume_from)
    except Refused as refused:
        raise refused.of(name_of_source) from refused
    frames = FrameReader(fetch, metadata, begin.frame, Format(begin.format), connections)
    try:
        writing = Writing(into, Room(room, reserve_bytes))
    except BaseException:
        frames.stop()
        raise
    layout = Layout(strip, protected, begin.seen)
    course = _Course(metadata, frames, layout, writing, begin, progress, checkpoint, checkpoint_bytes)
    try:
        try:
            course.run()
            layout.finished()
            sha256 = frames.sha256()
            writing.finish()
        except Refused:
            checkpoint(None)
            raise
    except Refused as refused:
        writing.undo()
        raise refused.of(name_of_source) from refused
    except Exception:
        writing.stop()
        raise
    finally:
        frames.stop()
        writing.abandon()
    done = course.so_far()
    progress(done)
    skipped = tuple(layout.skipped)
    return Unpacked(sha256, done.archive_bytes, done.bytes_written, done.files, Format(begin.format), skipped)


def _begin(
    fetch: Fetch, metadata: Metadata, given: Format | None, strip: int | None, resume_from: JsonObject | None
) -> Checkpoint:
    frames_hash = metadata.frames_hash()
    if resume_from is None:
        found = given or detected(fetch(0, min(DETECTION_BYTES, metadata.frames[0].stop)))
        return Checkpoint(0, frames_hash, str(found), strip)
    begin = checkpoints.of_json(resume_from)
    if (begin.frames_hash, begin.strip) != (frames_hash, strip) or not 0 <= begin.frame < len(metadata.frames):
        raise NotResumable("the last checkpoint is of other metadata, or of another --strip-components")
    return begin


@dataclass
class _Course:
    """The frames one by one, and at the start of each whether a later process can go on from there."""

    metadata: Metadata
    frames: FrameReader
    layout: Layout
    writing: Writing
    begin: Checkpoint
    progress: Callable[[Progress], None]
    checkpoint: Callable[[JsonObject | None], None]
    checkpoint_bytes: int

    def __post_init__(self) -> None:
        first = self.metadata.frames[self.begin.frame]
        self._archive_bytes = first.offset
        self._saved_at = first.tar_offset
        self._cut = _cut(first)
        self._reader = Reader(TarInput(self._chunks(), first.tar_offset), cut=self._cut, plain=True)

    def run(self) -> None:
        """Hand everything to the writer."""
        entry = self.layout.entry(self._cut.member) if self._cut else None
        if self._cut and entry:
            self.writing.go_on(entry, min(self._cut.offset, entry.size))
        write(self._reader.members(), self.layout, self.writing, wanted=entry is not None)

    def so_far(self) -> Progress:
        """With what an earlier process did."""
        bytes_written = self.begin.bytes_written + self.writing.bytes_written
        return Progress(self._archive_bytes, bytes_written, self.begin.files + self.writing.files)

    def _chunks(self) -> Iterator[bytes]:
        """All content. Where a frame ends, the reader has used up all of it and nothing more."""
        for number in range(self.begin.frame, len(self.metadata.frames)):
            frame = self.metadata.frames[number]
            resumable = number > self.begin.frame and self._is_resumable(number, frame)
            if resumable and frame.tar_offset - self._saved_at >= self.checkpoint_bytes:
                self._save(number, frame)
            try:
                content = self.frames.take()
            except TransientError:
                if resumable and frame.tar_offset > self._saved_at:
                    self._save(number, frame)
                raise
            yield from content
            self.frames.release()
            self._archive_bytes = frame.stop
            self.progress(self.so_far())

    def _save(self, number: int, frame: Frame) -> None:
        self.writing.sync()
        state = self.begin.after(number, self.layout.seen, self.writing.bytes_written, self.writing.files)
        self.checkpoint(state.json())
        self._saved_at = frame.tar_offset

    def _is_resumable(self, number: int, frame: Frame) -> bool:
        """Whether ``frame``, which comes next, begins between members, or in the file that it says.

        :raises Refused: it says another one.
        """
        told, found = _cut(frame), self._reader.cut
        if told is None:
            return self._reader.between
        if told != found:
            raise wrong_metadata(f"frame {number} begins {_place(found)}, by its metadata {_place(told)}")
        return True


def _cut(frame: Frame) -> Cut | None:
    if frame.member is None:
        return None
    told = frame.member
    return Cut(Member(told.name.encode(), Kind.FILE, told.mode, told.size), told.offset)


def _place(cut: Cut | None) -> str:
    if cut is None:
        return "outside of a file's data"
    member, offset = cut
    return f"at byte {offset} of {shown(member.name)} ({member.size} bytes, mode {member.mode:o})"
