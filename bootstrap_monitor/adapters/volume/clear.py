"""Clearing the node's data: all of it, nothing else, and from wherever a SIGKILL left it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from bootstrap_monitor.adapters.volume.tree_removal import FOLDER, Level, Run, errors_at, identity, refused, remove_tree
from bootstrap_monitor.durable import sync_folder
from bootstrap_monitor.effects import effect


def clear(root: Path, relative: str, *, keep: Collection[str], progress: Callable[[int], None]) -> None:
    """Remove ``root/relative``; if ``relative`` is "" or ".", all in ``root`` but the names in ``keep``.

    ``progress`` gets the number of entries removed so far, every 1000 and at the end. What is absent, or
    vanishes meanwhile, is fine. It is durable on return; after an error it is to be repeated as a whole.

    Raises :class:`ConfigurationError` when ``relative`` leads out of the volume, through a symbolic link or a
    file, or into what is to be kept, or when another filesystem is mounted inside;
    :class:`TransientError`, which names the path, for every :class:`OSError`.
    """
    parts = [part for part in PurePosixPath(relative).parts if part != "."]
    if relative.startswith("/") or ".." in parts or (parts and parts[0] in keep):
        raise refused(f"{relative!r} is not a place for the node's data in {root}")
    with errors_at(root):
        top = os.open(root, FOLDER & ~os.O_NOFOLLOW)
    try:
        run = Run(os.fstat(top).st_dev, progress)
        if parts:
            _clear_place(top, root, parts, run)
        else:
            _clear_children(top, root, keep, run)
    finally:
        os.close(top)
    progress(run.removed)


def _clear_place(folder: int, path: Path, parts: list[str], run: Run) -> None:
    """Remove the entry at ``parts`` in the open ``folder``, which is at ``path``: children first."""
    name, *rest = parts
    place = path / name
    with errors_at(path):
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
    if stat.S_ISLNK(mode):
        raise refused(f"{place}, on the way to the node's data or where it should be, is a symbolic link")
    if stat.S_ISDIR(mode):
        with errors_at(path):
            child = run.enter(folder, name, lambda: path)
        try:
            if rest:
                _clear_place(child, place, rest, run)
                return
            _clear_children(child, place, (), run)
        finally:
            os.close(child)
    elif rest:
        raise refused(f"{place}, on the way to the node's data, is not a folder")
    _remove_entry(folder, name, path, is_folder=stat.S_ISDIR(mode), run=run)
    with errors_at(path):
        sync_folder(folder)


def _clear_children(folder: int, path: Path, keep: Collection[str], run: Run) -> None:
    level = Level(path.name, identity(folder), keep)
    with errors_at(path):
        while entry := level.next_entry(folder, run):
            name, is_folder = entry
            _remove_entry(folder, name, path, is_folder=is_folder, run=run)
        sync_folder(folder)


@effect("volume.remove entry")
def _remove_entry(folder: int, name: str, path: Path, *, is_folder: bool, run: Run) -> None:
    """Remove an entry of the open ``folder``, which is at ``path``."""
    if is_folder:
        remove_tree(folder, name, path, run)
    else:
        with errors_at(path):
            run.remove(os.unlink, folder, name)
