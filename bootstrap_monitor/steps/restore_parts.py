"""What a restore works with: the archive, the volume, and who watches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.metadata import Metadata
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.core.restore.source_name import SourceName

OpenSource = Callable[[SourceName], Source]


class MarkerStore(Protocol):
    """The marker's file. Every method may raise :class:`OSError`."""

    def read(self) -> bytes | None: ...
    def write(self, content: bytes) -> None: ...


class Amounts(Protocol):
    """How far it is."""

    @property
    def archive_bytes(self) -> int: ...
    @property
    def bytes_written(self) -> int: ...
    @property
    def files(self) -> int: ...


Progress = Callable[[Amounts], None]
Show = Callable[[str, int | None], AbstractContextManager[Progress]]
"""What is done, and how many bytes of the archive there are, where that is known."""


class Done(Protocol):
    """What came of it; ``sha256`` is the archive's, empty where not all of it was read."""

    @property
    def sha256(self) -> str: ...
    @property
    def bytes_written(self) -> int: ...
    @property
    def files(self) -> int: ...


class Database(Protocol):
    """The node's database on the volume. Each method raises :class:`MonitorError`."""

    def remove(self) -> None:
        """Remove it, or the part of it that is there."""
        ...

    def space(self) -> DiskSpace: ...

    def unpack(
        self, source: Source, *, expected_sha256: str | None, expected_size: int | None, progress: Progress
    ) -> Done:
        """From the first byte on. Raises for an archive that is refused, and then leaves nothing of it."""
        ...

    def unpack_frames(
        self,
        source: Source,
        metadata: Metadata,
        *,
        progress: Progress,
        checkpoint: Callable[[JsonObject | None], None],
        resume_from: JsonObject | None,
    ) -> Done:
        """The same frame by frame; ``checkpoint`` is given from where a later call goes on; ``None``: from nowhere."""
        ...

    def copy(self, folder: str, *, progress: Progress) -> Done:
        """Copy the database in ``folder``."""
        ...


class Staging(Protocol):
    """Where the archive is downloaded to first."""

    def fill(self, source: Source, *, progress: Progress) -> Source:
        """All of ``source``, in a file; goes on at the byte to which it is there."""
        ...

    def remove(self) -> None: ...


class Folders(Protocol):
    """Restored databases in folders, of a shared volume for instance."""

    def is_folder(self, path: str) -> bool: ...

    def marker(self, path: str) -> bytes | None:
        """What the restore into that folder says of itself."""
        ...

    def has_content(self, path: str) -> bool: ...
