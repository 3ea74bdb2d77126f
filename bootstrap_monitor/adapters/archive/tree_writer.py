"""Making files, folders and links below a folder, never through a symbolic link."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bootstrap_monitor.adapters.archive.room import ENTRY_BYTES, Room
from bootstrap_monitor.adapters.archive.syncing import Syncer
from bootstrap_monitor.core.archive.member import Entry, Kind, Parts
from bootstrap_monitor.core.archive.refused import damaged, shown, unsafe
from bootstrap_monitor.core.restore.checkpoint import NotResumable
from bootstrap_monitor.durable import sync_folder
from bootstrap_monitor.effects import effect

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FOLDER = {errno.ENOTDIR, errno.ELOOP}
"""What opening a symbolic link as a folder gives, by system."""
_NO_FILE = {*_NO_FOLDER, errno.ENOENT, errno.EISDIR, errno.ENXIO}
"""What opening gives where there is something else, or nothing."""
_SYNC_BYTES = 32 * 1024 * 1024
"""A large file is synced each time that so much of it was written."""
_FOLDERS = 1_000
"""So many folders at most wait to be synced."""


@dataclass
class _File:
    entry: Entry
    descriptor: int
    unsynced_bytes: int = 0
    end: int = 0


class TreeWriter:
    """Works relative to open folders. Each method raises :class:`OSError`, or :class:`Refused` for the archive.

    Of two entries at one place the last wins. Modes are as given, whatever the umask: the node may be another user.
    """

    def __init__(self, into: Path, room: Room, syncer: Syncer) -> None:
        self._root = os.open(into, _FOLDER & ~os.O_NOFOLLOW)
        self._room = room
        self._syncer = syncer
        self._folder: tuple[Parts, int] = ((), self._root)
        """The last one that was needed, open: members of a folder follow each other."""
        self._file: _File | None = None
        self._made: set[Parts] = set()
        """What was not there before; what lies in them is not listed."""
        self._changed: set[Parts] = set()
        """Folders whose entries are not durable yet."""
        self.bytes_written = 0
        self.files = 0

    @effect("restore.make entry")
    def make(self, entry: Entry) -> None:
        """Make ``entry``; data of a file follow by :meth:`write`."""
        self._finish_file()
        if len(self._changed) >= _FOLDERS:
            self._sync_folders()
        self._room.take(ENTRY_BYTES, ENTRY_BYTES)
        if entry.kind is Kind.FOLDER:
            descriptor = self._open_folder(entry.path, entry)
            self._changed.add(entry.path)
            inherited = os.fstat(descriptor).st_mode & stat.S_ISGID  # of the volume's group
            _set_mode(descriptor, entry.mode | inherited)
            return
        *above, name = entry.path
        folder = self._open_folder(tuple(above), entry)
        if entry.kind is Kind.HARDLINK:
            self._link(folder, name, entry)
            return
        self._make_way(folder, name, entry)
        self._note(entry.path)
        if entry.kind is Kind.SYMLINK:
            os.symlink(entry.target, name, dir_fd=folder)
        else:
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
            self._file = _File(entry, descriptor)
            _set_mode(descriptor, entry.mode)
            self.files += 1

    def write(self, offset: int, content: memoryview) -> None:
        """Put ``content`` at ``offset`` of the file that was made last."""
        file = self._file
        assert file is not None, "data follow a file"
        self._room.take(len(content), file.entry.size - offset)
        size = len(content)
        while content:
            written = os.pwrite(file.descriptor, content, offset)
            content, offset = content[written:], offset + written
        file.end = offset
        file.unsynced_bytes += size
        self.bytes_written += size
        if file.unsynced_bytes >= _SYNC_BYTES:
            self._sync_file(file)

    def take_file(self) -> int:
        """The file that was made last, open for writing: who takes it fills it and gives it to the syncer."""
        file = self._file
        assert file is not None, "a file was made"
        self._file = None
        return file.descriptor

    def go_on(self, entry: Entry, end: int) -> None:
        """Open the file of ``entry``, which was made by another, to write behind its first ``end`` bytes.

        :raises NotResumable: it is not there, or has not these bytes.
        """
        *above, name = entry.path
        try:
            descriptor = os.open(name, _OLD_FILE, dir_fd=self._open_folder(tuple(above)))
        except OSError as error:
            if error.errno in _NO_FILE:
                raise _not_as_left(entry) from None
            raise
        self._file = _File(entry, descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not min(end, entry.size) <= status.st_size <= entry.size:
            raise _not_as_left(entry)

    def sync(self) -> None:
        """Make all so far durable: files, then the folders they are in."""
        if self._file:
            self._sync_file(self._file)
        self._syncer.wait()
        self._sync_folders()

    @effect("restore.make durable")
    def finish(self) -> None:
        """Make it all durable, and be done."""
        self._finish_file()
        self._syncer.finish()
        self._sync_folders()

    @effect("restore.remove entries")
    def remove(self) -> None:
        """Remove all that was made, and nothing else."""
        for path in self._made:
            folder = self._open_folder(path[:-1])
            name = os.fsdecode(path[-1])
            with suppress(FileNotFoundError):
                if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    shutil.rmtree(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
            sync_folder(folder)
        self._made.clear()

    def close(self) -> None:
        """Close what is open."""
        if self._file:
            os.close(self._file.descriptor)
            self._file = None
        self._forget_folder()
        os.close(self._root)

    def _finish_file(self) -> None:
        file = self._file
        if file is None:
            return
        if file.end < file.entry.size:
            os.ftruncate(file.descriptor, file.entry.size)  # a hole at the end
        self._file = None
        self._syncer.put(file.descriptor, file.unsynced_bytes)

    def _sync_file(self, file: _File) -> None:
        self._syncer.put(os.dup(file.descriptor), file.unsynced_bytes)
        file.unsynced_bytes = 0

    def _sync_folders(self) -> None:
        for path in self._changed:
            try:
                sync_folder(self._open_folder(path))
            except OSError as error:
                if error.errno not in _NO_FILE:  # it gave way to a later entry
                    raise
        self._changed.clear()

    def _open_folder(self, path: Parts, entry: Entry | None = None) -> int:
        """The folder at ``path``, opened; made, with those above it, if it is for ``entry``."""
        if self._folder[0] == path:
            return self._folder[1]
        self._forget_folder()
        here = self._root
        for depth, name in enumerate(path, 1):
            try:
                child = self._enter(here, name, path[:depth], entry)
            finally:
                if here != self._root:
                    os.close(here)
            here = child
        self._folder = (path, here)
        return here

    def _enter(self, folder: int, name: bytes, path: Parts, entry: Entry | None) -> int:
        if entry:
            if entry.path == path:
                self._make_way(folder, name, entry)
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=folder)
                self._note(path)
        try:
            return os.open(name, _FOLDER, dir_fd=folder)
        except OSError as error:
            if entry is None or error.errno not in _NO_FOLDER:
                raise
            raise unsafe(b"/".join(entry.path), "leads through a link or a file") from None

    def _make_way(self, folder: int, name: bytes, entry: Entry) -> None:
        """Remove what an earlier member left at ``entry``'s place, except a folder for a folder."""
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(mode):
            os.unlink(name, dir_fd=folder)
        elif entry.kind is not Kind.FOLDER:
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError:
                raise unsafe(b"/".join(entry.path), "takes the place of a folder that is not empty") from None

    def _link(self, folder: int, name: bytes, entry: Entry) -> None:
        """A hard link shares a file alone: of a symbolic link at another depth it would lead elsewhere."""
        member = b"/".join(entry.path)
        if entry.source == entry.path:
            raise unsafe(member, "is a hard link to itself")
        here = os.dup(folder)  # the source's folder takes its place
        try:
            source = self._open_folder(entry.source[:-1])
            mode = os.stat(entry.source[-1], dir_fd=source, follow_symlinks=False).st_mode
            if not stat.S_ISREG(mode):
                raise unsafe(member, "is a hard link to what is not a file")
            self._make_way(here, name, entry)
            os.link(entry.source[-1], name, src_dir_fd=source, dst_dir_fd=here, follow_symlinks=False)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise unsafe(member, "is a hard link to what lies behind a link or a file") from None
            if error.errno == errno.ENOENT:
                raise damaged(f"member {shown(member)} is a hard link to what did not come before it") from None
            raise
        finally:
            os.close(here)
        self._note(entry.path)

    def _note(self, path: Parts) -> None:
        self._changed.add(path[:-1])
        if not any(path[:depth] in self._made for depth in range(1, len(path) + 1)):
            self._made.add(path)

    def _forget_folder(self) -> None:
        path, descriptor = self._folder
        self._folder = ((), self._root)
        if path:
            os.close(descriptor)


def _not_as_left(entry: Entry) -> NotResumable:
    return NotResumable(f"the file {shown(b'/'.join(entry.path))} is not as the last checkpoint left it")


def _set_mode(descriptor: int, mode: int) -> None:
    with suppress(PermissionError):  # of filesystems that know no modes, or no owners
        os.fchmod(descriptor, mode)
