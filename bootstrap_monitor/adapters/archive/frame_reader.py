"""Fetching, verifying and decompressing frames by several threads, ahead of who takes them in their order."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bootstrap_monitor.adapters.archive.decompress import decompress
from bootstrap_monitor.adapters.archive.pipe import Pipe
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.archive.refused import Refused, damaged, unsupported
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.restore.metadata import Frame, Metadata

_BUDGET_BYTES = 8 * 1024 * 1024
"""For each frame ahead, and the one that is taken: compressed and plain together. A larger one is alone."""

FRAME_LIMIT_BYTES = 64 * 1024 * 1024
CONTENT_LIMIT_BYTES = 256 * 1024 * 1024
"""Of one frame, which is held in memory."""

Fetch = Callable[[int, int], bytes]
"""The bytes ``[start, stop)`` of the archive; from any thread."""


@dataclass
class _Job:
    number: int
    frame: Frame
    plain_bytes: int
    done: threading.Event = field(default_factory=threading.Event)
    packed: bytes = b""
    content: list[bytes] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def cost(self) -> int:
        return self.frame.length + self.plain_bytes


def check_limits(metadata: Metadata) -> None:
    """Whether each frame may be held in memory. Raises :class:`Refused`."""
    for job in _jobs(metadata, 0):
        if job.frame.length > FRAME_LIMIT_BYTES or job.plain_bytes > CONTENT_LIMIT_BYTES:
            raise unsupported(
                f"frame {job.number} is too large: {human_size(job.frame.length)} of the archive, "
                f"{human_size(job.plain_bytes)} of its content (at most {human_size(FRAME_LIMIT_BYTES)} and "
                f"{human_size(CONTENT_LIMIT_BYTES)})",
                "Make the archive again with smaller frames, or give metadata without frames.",
            )


class FrameReader:
    """The frames of ``metadata`` from number ``first`` on: ``connections`` are ahead of the one that was taken last,
    at most."""

    def __init__(self, fetch: Fetch, metadata: Metadata, first: int, format_: Format, connections: int) -> None:
        self._fetch = fetch
        self._format = format_
        self._jobs_left = _jobs(metadata, first)
        self._next = next(self._jobs_left, None)
        self._ahead: deque[_Job] = deque()
        self._limit = connections + 1
        self._cost = 0
        self._jobs: Pipe[_Job] = Pipe(self._limit)
        self._hash = hashlib.sha256() if first == 0 else None
        for _ in range(connections):
            threading.Thread(target=self._run, name="archive frames", daemon=True).start()

    def take(self) -> list[bytes]:
        """The content of the next frame.

        :raises Refused: it is not what the metadata say.
        :raises MonitorError: the source's own error.
        """
        self._fill()
        job = self._ahead[0]
        job.done.wait()
        if job.error:
            raise job.error
        if self._hash:
            self._hash.update(job.packed)
        content, job.content, job.packed = job.content, [], b""
        return content

    def release(self) -> None:
        """What was taken last is used up: another frame may be fetched."""
        self._cost -= self._ahead.popleft().cost
        self._fill()

    def sha256(self) -> str:
        """Of all the archive, in hex, when all frames were taken; empty where the first was not among them."""
        return self._hash.hexdigest() if self._hash else ""

    def stop(self) -> None:
        """Take no more. A fetch that stands still ends by itself."""
        self._jobs.stop()

    def _fill(self) -> None:
        while (job := self._next) and len(self._ahead) < self._limit:
            if self._ahead and self._cost + job.cost > self._limit * _BUDGET_BYTES:
                return
            self._cost += job.cost
            self._ahead.append(job)
            self._jobs.put(job, 1)
            self._next = next(self._jobs_left, None)

    def _run(self) -> None:
        for job in self._jobs:
            try:
                self._work(job)
            except Refused as refused:
                job.error = Refused(
                    f"frame {job.number} (at byte {job.frame.offset}): {refused.what}",
                    reason=refused.reason,
                    check=refused.check,
                    do=refused.do,
                )
            except BaseException as error:  # noqa: BLE001 - handed to whoever takes
                job.error = error
            job.done.set()

    def _work(self, job: _Job) -> None:
        job.packed = self._fetch(job.frame.offset, job.frame.stop)
        if len(job.packed) != job.frame.length:
            raise damaged(f"it has {len(job.packed)} bytes, expected were {job.frame.length}")
        found = hashlib.sha256(job.packed).hexdigest()
        if found != job.frame.sha256:
            raise _mismatch(found, job.frame.sha256)
        left = job.plain_bytes
        for piece in decompress(iter([job.packed]), self._format):
            left -= len(piece)
            if left < 0:
                break
            job.content.append(piece)
        if left:
            found = "more" if left < 0 else f"{left} less"
            raise wrong_metadata(f"its content has {found} than the {job.plain_bytes} bytes that its metadata say")


def _jobs(metadata: Metadata, first: int) -> Iterator[_Job]:
    ends = [frame.tar_offset for frame in metadata.frames[1:]] + [metadata.uncompressed_size or 0]
    for number in range(first, len(ends)):
        frame = metadata.frames[number]
        yield _Job(number, frame, ends[number] - frame.tar_offset)


def wrong_metadata(what: str) -> Refused:
    """The archive may be intact, but it is not the one that its metadata describe."""
    return Refused(
        what,
        reason="ArchiveDamaged",
        check="whether archive and metadata were published together, and by which program",
        do="Give the metadata that belong to the archive, or some without frames.",
    )


def _mismatch(found: str, expected: str) -> Refused:
    return Refused(
        f"its sha256 is {found}, expected was {expected}",
        reason="ArchiveHashMismatch",
        check="whether the archive was replaced or damaged at its origin, and its metadata belong to it",
        do="Give the archive and the metadata that belong together.",
    )
