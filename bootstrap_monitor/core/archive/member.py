"""What a member of an archive is, and what it may do. Our own checks: libraries' have been escaped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bootstrap_monitor.core.archive.refused import unsafe

Parts = tuple[bytes, ...]
"""A path below the root of what is unpacked, from the top; () is the root itself."""

COMPONENT_LIMIT = 255
"""Bytes, as of all common filesystems."""
PATH_LIMIT = 4096
DEPTH_LIMIT = 100


class Kind(StrEnum):
    """What a member makes; the last three are refused."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    DEVICE = "device"
    FIFO = "named pipe"
    OTHER = "unknown kind of entry"


@dataclass(frozen=True, slots=True)
class Member:
    """As the archive has it. ``size`` is a file's own, in bytes, with its holes; ``link`` is what a link names."""

    name: bytes
    kind: Kind
    mode: int = 0
    size: int = 0
    link: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """As it is made. ``target`` is a symbolic link's text, ``source`` the file that a hard link shares."""

    path: Parts
    kind: Kind
    mode: int = 0
    size: int = 0
    target: bytes = b""
    source: Parts = ()


def parts(member: Member, name: bytes) -> Parts:
    """``name``, the member's own or that of the file it links to, taken apart; "." and doubled slashes are dropped.

    :raises Refused: it is absolute, has "..", a NUL, or is too long or too deep.
    """
    what = "is" if name is member.name else "links to what is"
    if b"\0" in name:
        raise unsafe(member.name, f"{what} a name with a NUL")
    if name.startswith(b"/"):
        raise unsafe(member.name, f"{what} an absolute path")
    path = tuple(part for part in name.split(b"/") if part not in {b"", b"."})
    if b".." in path:
        raise unsafe(member.name, f"{what} a path with '..'")
    if len(name) > PATH_LIMIT or len(path) > DEPTH_LIMIT or any(len(part) > COMPONENT_LIMIT for part in path):
        limits = f"{PATH_LIMIT} bytes, {COMPONENT_LIMIT} in each part, {DEPTH_LIMIT} parts"
        raise unsafe(member.name, f"{what} too long a path (at most {limits})")
    return path


def entry(member: Member, path: Parts, source: Parts | None) -> Entry:
    """What ``member`` makes at ``path``; ``source`` is where the file lies that a hard link shares, None: outside.

    Bits beyond 0777 are dropped; who unpacks may read and write it all.

    :raises Refused: it would make what is no file, folder or link inside, or a link that leads out.
    """
    if member.kind in {Kind.DEVICE, Kind.FIFO, Kind.OTHER}:
        raise unsafe(member.name, f"is a {member.kind}")
    if member.kind is Kind.SYMLINK:
        _check_target(member, path)
        return Entry(path, member.kind, target=member.link)
    if member.kind is Kind.HARDLINK:
        if not source:
            raise unsafe(member.name, "is a hard link to what is not unpacked")
        return Entry(path, member.kind, source=source)
    needed = 0o700 if member.kind is Kind.FOLDER else 0o600
    return Entry(path, member.kind, mode=member.mode & 0o777 | needed, size=member.size)


def _check_target(member: Member, path: Parts) -> None:
    """A link leads up only first and then only down: so where it ends does not depend on other links.

    Nothing is made through a link, so the folders above this one are real, and each ".." leads where it says.
    """
    target = member.link
    if not target or b"\0" in target or len(target) > PATH_LIMIT or target.startswith(b"/"):
        raise unsafe(member.name, "is a symbolic link to an absolute path, to none, or to one that is too long")
    steps = [part for part in target.split(b"/") if part not in {b"", b"."}]
    up = next((index for index, part in enumerate(steps) if part != b".."), len(steps))
    if b".." in steps[up:]:
        raise unsafe(member.name, "is a symbolic link with '..' behind a name")
    if up > len(path) - 1:
        raise unsafe(member.name, "is a symbolic link that leads out")
