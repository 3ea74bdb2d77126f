"""Copying a restored database from a folder, of a shared volume for instance: extents are shared where possible."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.adapters.archive.copying import Copying
from bootstrap_monitor.adapters.archive.progress import Progress
from bootstrap_monitor.adapters.archive.room import Room
from bootstrap_monitor.core.archive.layout import DATABASE, Layout
from bootstrap_monitor.core.archive.member import Kind, Member
from bootstrap_monitor.core.archive.refused import Refused
from bootstrap_monitor.errors import TransientError

_KINDS = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFLNK: Kind.SYMLINK,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFCHR: Kind.DEVICE,
    stat.S_IFBLK: Kind.DEVICE,
}


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of it. ``bytes_shared``, of ``bytes_copied``, took no room: both files have the same extents."""

    bytes_copied: int
    bytes_shared: int
    files: int

    @property
    def bytes_written(self) -> int:
        """All of them are in files."""
        return self.bytes_copied

    @property
    def sha256(self) -> str:
        """There is no archive to have one."""
        return ""


def copy_tree(
    source: Path,
    into: Path,
    *,
    room: Callable[[], int],
    reserve_bytes: int,
    progress: Callable[[Progress], None],
) -> Copied:
    """Copy the database in ``source``, which has a folder ``db/`` or is one (see :class:`Layout`), to ``into/db``.

    The rules, ``room``, ``reserve_bytes``, ``progress`` (bytes of the archive are those copied) and durability are
    those of :func:`unpack`. Hard links become files of their own; nobody writes to ``source`` meanwhile.

    :raises ConfigurationError: ``ArchiveUnsafe``, ``ArchiveTooLarge`` or ``ArchiveLayout``. What was copied is
        removed again, and nothing else.
    :raises TransientError: ``SourceFailed`` or ``VolumeFailed``: reading or writing failed. What was copied stays.
    """
    copying = Copying(into, Room(room, reserve_bytes))

    def report() -> None:
        progress(Progress(copying.bytes_copied, copying.bytes_copied, copying.files))

    try:
        _walk(source, copying, report)
        copying.finish(report)
    except Refused as refused:
        copying.undo()
        raise refused.of(str(source)) from refused
    except Exception:
        copying.stop()
        raise
    finally:
        copying.abandon()
    report()
    return Copied(copying.bytes_copied, copying.bytes_shared, copying.files)


def _walk(source: Path, copying: Copying, report: Callable[[], None]) -> None:
    """Hand over everything, folders before what is in them."""
    layout = Layout(None)
    for member, folder in _members(source):
        entry = layout.entry(member)
        if entry and entry.kind is Kind.FILE:
            with _source_errors(source):
                name = member.name.rpartition(b"/")[2]
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            copying.copy(entry, descriptor)
        elif entry:
            copying.make(entry)
        report()
    layout.finished()


def _members(source: Path) -> Iterator[tuple[Member, int]]:
    """Each entry, named relative to ``source``, with the open folder that it is in: of ``db/`` if there is one."""
    with _source_errors(source):
        root = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        top = DATABASE if _has_folder(root, DATABASE) else b"."
        with _source_errors(source):
            for path, folders, files, folder in os.fwalk(top, dir_fd=root, onerror=_raise):
                yield _member(path, os.fstat(folder), b""), folder
                for name in sorted(folders + files):
                    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                    if not stat.S_ISDIR(status.st_mode):
                        link = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(status.st_mode) else b""
                        yield _member(path + b"/" + name, status, link), folder
                folders.sort()
    finally:
        os.close(root)


def _has_folder(root: int, name: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=root, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _source_errors(source: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(
            f"cannot read {source}: {error.strerror} ({errno.errorcode.get(error.errno or 0, '?')})",
            reason="SourceFailed",
            check="the source's mount and health",
        ) from error


def _member(name: bytes, status: os.stat_result, link: bytes) -> Member:
    return Member(name, _KINDS.get(stat.S_IFMT(status.st_mode), Kind.OTHER), status.st_mode, status.st_size, link)


def _raise(error: OSError) -> None:
    raise error
