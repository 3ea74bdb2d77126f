"""How much a volume holds, and what is left. Reads only: the sidecar's mount can be read-only."""

from __future__ import annotations

import os
from pathlib import Path

from bootstrap_monitor.core.disk_space import DiskSpace

_BLOCK_BYTES = 512
"""The unit of ``st_blocks``, whatever the filesystem's blocks are."""


def free(root: Path) -> DiskSpace:
    """Of the whole filesystem, which may be larger than the volume's claim. Raises :class:`OSError`."""
    status = os.statvfs(root)
    return DiskSpace(total_bytes=status.f_blocks * status.f_frsize, available_bytes=status.f_bavail * status.f_frsize)


def usage_bytes(root: Path) -> int:
    """The bytes allocated to ``root`` and all in it, as ``du -sx`` counts them. An exact walk, minutes long.

    Hard links count once, symbolic links are not followed, other filesystems are left out, and so is what
    vanishes meanwhile. Raises :class:`OSError` for what cannot be read: a sum without it would be wrong.
    """
    top = root.stat()
    counted: set[tuple[int, int]] = set()
    total = top.st_blocks
    folders = [str(root)]
    while folders:
        for status, folder in _entries(folders.pop()):
            if status.st_dev != top.st_dev:
                continue
            if folder is not None:
                folders.append(folder)
            elif status.st_nlink > 1:
                if (identity := (status.st_dev, status.st_ino)) in counted:
                    continue
                counted.add(identity)
            total += status.st_blocks
    return total * _BLOCK_BYTES


def _entries(path: str) -> list[tuple[os.stat_result, str | None]]:
    """Of each entry of a folder its status and, if it is a folder, its path."""
    entries: list[tuple[os.stat_result, str | None]] = []
    try:
        with os.scandir(path) as listing:
            for entry in listing:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                is_folder = entry.is_dir(follow_symlinks=False)
                entries.append((status, entry.path if is_folder else None))
    except FileNotFoundError:
        pass
    return entries
