"""How far a restore in frames is: what a later process goes on from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from types import NoneType

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.archive.layout import Seen
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import SourceChanged


class NotResumable(SourceChanged):
    """What the volume holds is not what was recorded: whoever restores clears it and starts over."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All before frame number ``frame`` (from 0) is durable on the volume."""

    frame: int
    frames_hash: str
    """Of the metadata, see :meth:`Metadata.frames_hash`."""
    format: str
    strip: int | None
    base: str | None = None
    """:attr:`Seen.base` with slashes, read as Latin-1: JSON has no bytes."""
    members: int = 0
    placed: int = 0
    bytes_written: int = 0
    files: int = 0

    @property
    def seen(self) -> Seen:
        """What the layout saw."""
        base = None if self.base is None else tuple(part for part in self.base.encode("latin-1").split(b"/") if part)
        return Seen(base, self.members, self.placed)

    def after(self, frame: int, seen: Seen, bytes_written: int, files: int) -> Checkpoint:
        """The one that follows, before frame number ``frame``; the amounts are those since this one."""
        return replace(
            self,
            frame=frame,
            base=None if seen.base is None else b"/".join(seen.base).decode("latin-1"),
            members=seen.members,
            placed=seen.placed,
            bytes_written=self.bytes_written + bytes_written,
            files=self.files + files,
        )

    def json(self) -> JsonObject:
        """For the record."""
        return asdict(self)


_TYPES: dict[str, set[type]] = {
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
    if not sound or document["format"] not in list(Format) or not _is_latin_1(document["base"] or ""):
        raise NotResumable("the record of the last checkpoint is damaged")
    return Checkpoint(**document)


def _is_latin_1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
