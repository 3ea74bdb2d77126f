"""Removing a folder's tree: relative to open folders, never through a symbolic link, on one filesystem.

Neither a link that somebody made nor a folder that is swapped meanwhile leads out of the tree.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap_monitor.errors import ConfigurationError, TransientError

_BATCH = 10_000
"""Names of one folder that are held in memory."""
_PROGRESS_ENTRIES = 1_000
_FUTILE_PASSES = 3
"""Over a folder that lists what cannot be found in it, before that counts as damage."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Run:
    """One clearing: the filesystem (``device``) that it does not leave, and how many entries it removed."""

    def __init__(self, device: int, progress: Callable[[int], None]) -> None:
        self.device = device
        self.removed = 0
        self._progress = progress

    def remove(self, removal: Callable[..., None], folder: int, name: str) -> None:
        """Remove one entry of the open ``folder`` by ``os.unlink`` or ``os.rmdir``, unless it is gone."""
        try:
            removal(name, dir_fd=folder)
        except FileNotFoundError:
            return
        self.removed += 1
        if self.removed % _PROGRESS_ENTRIES == 0:
            self._progress(self.removed)

    def enter(self, folder: int, name: str, path: Callable[[], Path]) -> int:
        """Open the subfolder ``name`` of the open ``folder``; ``path`` says where that is."""
        child = os.open(name, FOLDER, dir_fd=folder)
        if os.fstat(child).st_dev != self.device:
            os.close(child)
            raise refused(f"{path() / name} is on another filesystem than the volume")
        return child


@dataclass
class Level:
    """A folder that is being emptied. ``parent`` is the identity (device, inode) of the one it is in."""

    name: str
    parent: tuple[int, int]
    keep: Collection[str] = ()
    _pending: list[tuple[str, bool]] = field(default_factory=list)
    _removed: int = -1
    _futile: int = 0

    def next_entry(self, folder: int, run: Run) -> tuple[str, bool] | None:
        """The name of an entry of the open ``folder``, and whether it is a folder; ``None`` when it is empty.

        What a listing misses, because entries are removed or made while it runs, a later one finds.
        """
        if not self._pending:
            self._futile = self._futile + 1 if run.removed == self._removed else 0
            self._removed = run.removed
            with os.scandir(folder) as listing:
                others = (entry for entry in listing if entry.name not in self.keep)
                batch = itertools.islice(others, _BATCH)
                self._pending = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in batch]
            if self._pending and self._futile >= _FUTILE_PASSES:
                raise FileNotFoundError(errno.ENOENT, "listed, but not there", self._pending[0][0])
        return self._pending.pop() if self._pending else None


def remove_tree(folder: int, name: str, path: Path, run: Run) -> None:
    """Remove the folder ``name`` of the open ``folder``, which is at ``path``, and all that is in it.

    However deep: one descriptor is open at a time, and nothing recurses. An absent one is fine.
    """
    levels: list[Level] = []
    here = os.dup(folder)

    def descend(name: str) -> None:
        nonlocal here
        with suppress(FileNotFoundError):
            child = run.enter(here, name, place)
            levels.append(Level(name, identity(here)))
            here, left = child, here  # in this order: SIGTERM's exception may come between
            os.close(left)

    def ascend() -> None:
        nonlocal here
        parent = os.open("..", FOLDER, dir_fd=here)
        here, left = parent, here
        os.close(left)
        if identity(here) != levels[-1].parent:
            raise OSError(errno.ESTALE, "moved to another folder meanwhile")
        run.remove(os.rmdir, here, levels.pop().name)

    def place() -> Path:
        return path.joinpath(*(level.name for level in levels))

    try:
        descend(name)
        while levels:
            entry = levels[-1].next_entry(here, run)
            if entry is None:
                ascend()
            elif entry[1]:
                descend(entry[0])
            else:
                run.remove(os.unlink, here, entry[0])
    except OSError as error:
        raise _failed(place(), error) from error
    finally:
        os.close(here)


def identity(folder: int) -> tuple[int, int]:
    """Device and inode of an open folder."""
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


@contextmanager
def errors_at(path: Path) -> Iterator[None]:
    """Turn :class:`OSError` into a :class:`TransientError` that names ``path``, or the entry in it."""
    try:
        yield
    except OSError as error:
        raise _failed(path, error) from error


def _failed(path: Path, error: OSError) -> TransientError:
    at = path / error.filename if isinstance(error.filename, str) else path
    code = errno.errorcode.get(error.errno or 0, "?")
    return TransientError(
        f"cannot clear {at}: {error.strerror} ({code})",
        reason="ClearFailed",
        check="the volume's mount and health, and whether another pod uses it",
    )


def refused(what: str) -> ConfigurationError:
    """The error for a place that is not cleared."""
    return ConfigurationError(
        what,
        reason="ClearRefused",
        check="the node's data and database folders, and both containers' mounts of the volume",
        do="let the node write to plain folders of the volume that the monitor mounts",
    )
