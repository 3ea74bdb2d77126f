"""How far a restore in frames is: what a later process goes on from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import NoneType

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.archive.layout import Seen
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import TransientError


class NotResumable(TransientError):  # noqa: N818 - it says what the volume is
    """What the volume holds is not what was recorded: whoever restores clears it and starts over."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All before frame number ``frame`` (from 0) is durable on the volume."""

    frame: int
    frames_hash: str
    """Of the metadata, see :meth:`Metadata.frames_hash`."""
    format: str
    strip: int | None
    base: str | None
    """:attr:`Seen.base` with slashes, read as Latin-1: JSON has no bytes."""
    members: int
    placed: int
    bytes_written: int
    files: int

    @property
    def seen(self) -> Seen:
        """What the layout saw."""
        base = None if self.base is None else tuple(part.encode("latin-1") for part in self.base.split("/") if part)
        return Seen(base, self.members, self.placed)

    def json(self) -> JsonObject:
        """For the record."""
        return asdict(self)


_TYPES = {
    "frame": {int},
    "frames_hash": {str},
    "format": {str},
    "strip": {int, NoneType},
    "base": {str, NoneType},
    "members": {int},
    "placed": {int},
    "bytes_written": {int},
    "files": {int},
}


def of_json(document: JsonObject) -> Checkpoint:
    """What :meth:`Checkpoint.json` made.

    :raises NotResumable: it is something else.
    """
    sound = document.keys() == _TYPES.keys() and all(type(document[key]) in types for key, types in _TYPES.items())
    if not sound or document["format"] not in set(Format):
        raise NotResumable("the record of the last checkpoint is damaged")
    return Checkpoint(**document)
