"""The details file says which test the volume holds.

Absent means "clear again": it is removed before anything else is, and written last.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bootstrap_monitor.core import names
from bootstrap_monitor.durable import sync_folder
from bootstrap_monitor.effects import effect

_TEMPORARY_PREFIX = f".{names.DETAILS_FILE}."
_READ_LIMIT_BYTES = 1024 * 1024


class DetailsFile:
    """``<data_dir>/bootstrap_test_details.txt``. Every method raises :class:`OSError`."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        self._path = data_dir / names.DETAILS_FILE

    def read(self) -> bytes | None:
        """The content, cut at 1 MiB; ``None`` when there is no such file.

        A symbolic link is not followed (``ELOOP``): it would point out of the volume.
        """
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(_READ_LIMIT_BYTES)
        finally:
            os.close(descriptor)

    def write(self, content: bytes) -> None:
        """Replace the content, or leave the old one: after a crash it is one of the two, never a mixture."""
        self._remove_leftovers()
        temporary = self._folder / f"{_TEMPORARY_PREFIX}{secrets.token_hex(4)}.tmp"
        try:
            self._write_temporary(temporary, content)
            self._rename(temporary)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    @effect("volume.remove details")
    def remove(self) -> None:
        """Remove the file, durably; nothing happens when there is none."""
        self._remove_leftovers()
        self._path.unlink(missing_ok=True)
        _sync_folder(self._folder)

    @effect("volume.set aside details")
    def set_aside(self) -> None:
        """Keep an unusable file for people, as ``bootstrap_test_details.txt.bad``; replaces an older one."""
        self._path.replace(self._folder / names.DETAILS_SET_ASIDE)
        _sync_folder(self._folder)

    @effect("volume.write temporary details")
    def _write_temporary(self, temporary: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o644), "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # whatever the umask: the sidecar may run as another user
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    @effect("volume.rename details")
    def _rename(self, temporary: Path) -> None:
        temporary.replace(self._path)
        _sync_folder(self._folder)

    def _remove_leftovers(self) -> None:
        """What a killed write left. Not an effect of its own: nothing ever reads these files."""
        for leftover in self._folder.glob(f"{_TEMPORARY_PREFIX}*.tmp"):
            leftover.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)
