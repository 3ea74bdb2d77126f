"""Our own small files on the volume: read with a limit, replaced as a whole. Every function raises :class:`OSError`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bootstrap_monitor.durable import sync_folder

_READ_LIMIT_BYTES = 1024 * 1024


def read(path: Path) -> bytes | None:
    """The content, cut at 1 MiB; ``None`` when there is no such file.

    A symbolic link is not followed (``ELOOP``): it would point out of the volume.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_READ_LIMIT_BYTES)
    finally:
        os.close(descriptor)


def temporary_for(path: Path) -> Path:
    """A new name beside ``path``."""
    return path.with_name(f"{_prefix(path)}{secrets.token_hex(4)}.tmp")


def write_temporary(temporary: Path, content: bytes) -> None:
    """Make that file, durably."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(temporary, flags, 0o644), "wb") as file:
        os.fchmod(file.fileno(), 0o644)  # whatever the umask: the sidecar may run as another user
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def rename(source: Path, target: Path) -> None:
    """Put ``source`` in the place of ``target``, durably."""
    source.replace(target)
    sync(target.parent)


def remove(path: Path) -> None:
    """Remove the file, durably; nothing happens when there is none."""
    remove_leftovers(path)
    path.unlink(missing_ok=True)
    sync(path.parent)


def remove_leftovers(path: Path) -> None:
    """What a killed write left. Nothing ever reads these files."""
    for leftover in path.parent.glob(f"{_prefix(path)}*.tmp"):
        leftover.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)


def _prefix(path: Path) -> str:
    return f".{path.name.removeprefix('.')}."
