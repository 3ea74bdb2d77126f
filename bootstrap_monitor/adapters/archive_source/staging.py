"""Downloading an archive to a file first: a later process goes on at the byte to which it is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.effects import effect
from bootstrap_monitor.errors import ConfigurationError, SourceChanged, TransientError

_SYNC_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Downloaded:
    """How far it is; in bytes of the archive."""

    archive_bytes: int
    bytes_written: int = 0
    files: int = 0


class Staging:
    """``<folder>/bootstrap-restore.part``; ``open_file`` makes a source of it. The folder is made where it is missing.

    Whose bytes the file holds is in the restore's marker: who writes another one there removes the file before.
    """

    def __init__(self, folder: Path, open_file: Callable[[Path], Source]) -> None:
        self._folder = folder
        self._path = folder / "bootstrap-restore.part"
        self._open_file = open_file

    def fill(self, source: Source, *, progress: Callable[[Downloaded], None]) -> Source:
        """All of ``source`` in the file, durably.

        :raises ConfigurationError: ``StagingTooSmall``: it does not fit there.
        :raises TransientError: ``StagingFailed``, and what ``source`` raises.
        """
        size = source.identity().size
        with self._errors():
            self._folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0) as file:
                there = file.tell()
                self._check_room((size or there) - there)
                progress(Downloaded(there))
                if there != size:
                    self._append(source, there, file.fileno(), progress)
                os.fsync(file.fileno())
                there = os.fstat(file.fileno()).st_size
        if size is not None and there != size:
            self.remove()
            raise SourceChanged(f"{source.name} gave {there} bytes, {size} were told")
        return self._open_file(self._path)

    @effect("restore.remove staging")
    def remove(self) -> None:
        """Remove the file; nothing happens when there is none. Raises :class:`TransientError` ``StagingFailed``."""
        with self._errors():
            self._path.unlink(missing_ok=True)

    @effect("restore.append to staging")
    def _append(self, source: Source, start: int, descriptor: int, progress: Callable[[Downloaded], None]) -> None:
        unsynced = 0
        for chunk in source.read(start):
            content = memoryview(chunk)
            while content:
                content = content[os.write(descriptor, content) :]
            start += len(chunk)
            unsynced += len(chunk)
            if unsynced >= _SYNC_BYTES:
                os.fsync(descriptor)
                unsynced = 0
            progress(Downloaded(start))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TransientError(
                f"cannot write to {self._folder}: {error.strerror or error}",
                reason="StagingFailed",
                check="the mount, health and free space of --staging-dir",
            ) from error

    def _check_room(self, needed_bytes: int) -> None:
        missing_bytes = needed_bytes - shutil.disk_usage(self._folder).free
        if missing_bytes > 0:
            raise ConfigurationError(
                f"the archive does not fit into {self._folder}: {human_size(missing_bytes)} more are needed",
                reason="StagingTooSmall",
                check="the free room of --staging-dir (df)",
                do="Give a larger volume there, or none: then the archive is unpacked as it comes.",
            )
