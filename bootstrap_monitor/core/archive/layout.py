"""Where members land: the archive's ``db/`` becomes the node's, or as many leading parts are dropped as was said."""

from __future__ import annotations

import re
from typing import NamedTuple

from bootstrap_monitor.core.archive.member import Entry, Kind, Member, Parts, entry, parts
from bootstrap_monitor.core.archive.refused import Refused, no_database, shown, unsafe

DATABASE = b"db"
MEMBER_LIMIT = 10_000_000
"""Of one archive. A node's database has 100,000."""
_UNDECIDED_LIMIT = 1_000
"""Members among which a database must begin: nobody waits hours to learn that there is none."""
_SKIPPED_LIMIT = 10
_DATABASE_FILE = re.compile(
    rb"CURRENT|IDENTITY|LOCK|LOG|LOG\.old|(?:MANIFEST|OPTIONS)-\d+|\d+\.(?:ldb|sst|log)|marker\..+"
)
"""Of goleveldb and Pebble."""
_VERSION = re.compile(rb"v\d+\.\d+\.\d+")
"""avalanchego keeps a database in ``db/NETWORK/v1.4.5``."""


class Seen(NamedTuple):
    """What a layout knows of the members so far. ``base`` is the archive's folder that becomes ``db``; None: it is
    not found yet, or parts are dropped instead."""

    base: Parts | None = None
    members: int = 0
    placed: int = 0


class Layout:
    """Decides by the first members, in the archive's order, so the same archive always lands the same way.

    With ``strip``, that many leading parts are dropped; "." is none. Without:

    1. The first member in (or which is) a folder ``db``, however deep, says where the archive has it; it becomes
       ``db``, and what is outside is left out.
    2. A file of a key-value store at the archive's top, or in ``NETWORK/vX.Y.Z/`` there, before that: the archive's
       root is the database and becomes ``db``.

    Names in ``protected`` are not the archive's to write at the top, nor to link to. ``seen`` is of the members
    before the first.
    """

    def __init__(
        self,
        strip: int | None,
        protected: frozenset[str] = frozenset(),
        seen: Seen = Seen(),  # noqa: B008 - immutable
    ) -> None:
        self._strip = strip
        self._protected = {name.casefold() for name in protected}
        self._base, self._members, self._placed = seen
        self.skipped: list[str] = []
        """Leading parts of what is left out, for people; at most ten."""

    @property
    def seen(self) -> Seen:
        """To go on with."""
        return Seen(self._base, self._members, self._placed)

    def entry(self, member: Member) -> Entry | None:
        """What to make of ``member``; None: it is left out.

        :raises Refused: it is unsafe, or there are too many, or no database among the first.
        """
        self._members += 1
        if self._members > MEMBER_LIMIT:
            raise unsafe(member.name, f"is more than the {MEMBER_LIMIT} that an archive may have")
        original = parts(member, member.name)
        path = self._path(original, is_folder=member.kind is Kind.FOLDER)
        if not path:
            self._skip(original, member)
            return None
        source = self._path(parts(member, member.link), is_folder=False) if member.kind is Kind.HARDLINK else None
        for place in (path, source):
            if place and place[0].decode("utf-8", "replace").casefold() in self._protected:
                raise unsafe(member.name, "is a file of this program's own, or links to one")
        self._placed += 1
        return entry(member, path, source)

    def finished(self) -> None:
        """All members were seen. Raises :class:`Refused` when nothing was placed."""
        if not self._placed:
            raise self._nothing()

    def _path(self, original: Parts, *, is_folder: bool) -> Parts | None:
        if self._strip is not None:
            return original[self._strip :]
        if self._base is None:
            self._base = _base(original, is_folder=is_folder)
        if self._base is None or original[: len(self._base)] != self._base:
            return None
        return (DATABASE, *original[len(self._base) :])

    def _skip(self, original: Parts, member: Member) -> None:
        name = shown(original[0]) if original else "'.'"
        if member.kind is not Kind.FOLDER and name not in self.skipped and len(self.skipped) < _SKIPPED_LIMIT:
            self.skipped.append(name)
        if not self._placed and self._members >= _UNDECIDED_LIMIT:
            raise self._nothing()

    def _nothing(self) -> Refused:
        begins = f"; it begins with {', '.join(self.skipped)}" if self.skipped else ""
        return no_database(f"no database among the first {self._members} members{begins}")


def _base(path: Parts, *, is_folder: bool) -> Parts | None:
    """The folder of the archive that becomes ``db``, if the member at ``path`` tells."""
    folders = path if is_folder else path[:-1]
    if DATABASE in folders:
        return path[: path.index(DATABASE) + 1]
    if is_folder or not path or not _DATABASE_FILE.fullmatch(path[-1]):
        return None
    top = len(path) == 1 or (len(path) == 3 and _VERSION.fullmatch(path[1]))
    return () if top else None
