"""The node's database on the volume, as a restore fills it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.adapters.archive.copy_tree import Copied, copy_tree
from bootstrap_monitor.adapters.archive.frames import unpack_frames
from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.unpack import Unpacked, unpack
from bootstrap_monitor.core import names
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.errors import TransientError

PROTECTED = names.OWN_FILES | {names.SHELL_MARKER}
"""What no member of an archive may be."""


@dataclass(frozen=True, slots=True)
class Database:
    """``into/db``; ``clear`` removes it."""

    into: Path
    request: Request
    free: Callable[[], DiskSpace]
    clear: Callable[[], None]

    def remove(self) -> None:
        """Remove it, or the part of it that is there; the folder that it lands in is made."""
        with _volume_errors(self.into):
            self.into.mkdir(parents=True, exist_ok=True)
        self.clear()

    def space(self) -> DiskSpace:
        """Of the volume."""
        with _volume_errors(self.into):
            return self.free()

    def unpack(
        self,
        source: Source,
        *,
        expected_sha256: str | None,
        expected_size: int | None,
        progress: Callable[[Progress], None],
    ) -> Unpacked:
        """See :func:`bootstrap_monitor.adapters.archive.unpack.unpack`."""
        return unpack(
            source.read(),
            self.into,
            name_of_source=source.name,
            format=self.request.format,
            strip=self.request.strip,
            room=self._room,
            reserve_bytes=self._reserve_bytes(),
            progress=progress,
            expected_sha256=expected_sha256,
            expected_size=expected_size,
            protected=PROTECTED,
        )

    def unpack_frames(
        self,
        source: Source,
        metadata: Metadata,
        *,
        progress: Callable[[Progress], None],
        checkpoint: Callable[[JsonObject | None], None],
        resume_from: JsonObject | None,
    ) -> Unpacked:
        """See :func:`bootstrap_monitor.adapters.archive.frames.unpack_frames`."""
        return unpack_frames(
            source.read_range,
            metadata,
            self.into,
            name_of_source=source.name,
            format=self.request.format,
            strip=self.request.strip,
            connections=self.request.connections,
            room=self._room,
            reserve_bytes=self._reserve_bytes(),
            progress=progress,
            checkpoint=checkpoint,
            resume_from=resume_from,
            protected=PROTECTED,
        )

    def copy(self, folder: str, *, progress: Callable[[Progress], None]) -> Copied:
        """See :func:`bootstrap_monitor.adapters.archive.copy_tree.copy_tree`."""
        return copy_tree(
            Path(folder), self.into, room=self._room, reserve_bytes=self._reserve_bytes(), progress=progress
        )

    def _room(self) -> int:
        return self.space().available_bytes

    def _reserve_bytes(self) -> int:
        return self.request.reserve.bytes_of(self.space().total_bytes)


@contextmanager
def _volume_errors(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"cannot use {into}: {error.strerror or error}",
            reason="VolumeFailed",
            check="the volume's mount and health, its free space, and whether it is mounted read-only here",
        ) from error
