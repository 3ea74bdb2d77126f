"""Why an archive is not unpacked."""

from __future__ import annotations

from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.errors import ConfigurationError

TOO_LARGE = "ArchiveTooLarge"

_NAME_LIMIT = 200
"""Characters of a member's name that an error shows."""


class Refused(Exception):  # noqa: N818 - it is the archive that is refused
    """``what`` is wrong, for people; ``reason`` is the code for machines. Who knows the source adds its name."""

    def __init__(self, what: str, *, reason: str, check: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.reason = reason
        self.check = check
        self.do = do

    def of(self, source: str, more: str = "") -> ConfigurationError:
        """The same about the archive ``source``, with ``more`` behind what is wrong."""
        return ConfigurationError(f"{source}: {self.what}{more}", reason=self.reason, check=self.check, do=self.do)


def damaged(what: str) -> Refused:
    """The archive is cut, changed, or not what it says."""
    return Refused(
        what,
        reason="ArchiveDamaged",
        check="the archive with its own tools (gzip -t, zstd -t, tar -t), and its size and sha256 at the origin",
        do="Give an intact archive.",
    )


def hash_mismatch(found: str, expected: str) -> Refused:
    """All of it was read, and is not what was expected."""
    return Refused(
        f"its sha256 is {found}, expected was {expected}",
        reason="ArchiveHashMismatch",
        check="whether the archive was replaced at its origin, and where the expected hash comes from",
        do="Give the archive and the hash that belong together.",
    )


def unsafe(member: bytes, why: str) -> Refused:
    """``member`` would do what no member may."""
    return Refused(
        f"member {shown(member)} {why}",
        reason="ArchiveUnsafe",
        check="where the archive comes from: a node's database has nothing of the kind",
        do="Give an archive of plain files and folders.",
    )


def unsupported(what: str, do: str) -> Refused:
    """Intact perhaps, but of a kind that cannot be read here."""
    return Refused(what, reason="ArchiveUnsupported", do=do)


def no_database(what: str) -> Refused:
    """Nothing in the archive is taken for the node's database."""
    return Refused(
        what,
        reason="ArchiveLayout",
        check="what the archive holds (tar -t)",
        do="Give an archive with a folder db/, or say with --strip-components how many leading parts to drop.",
    )


def too_large(missing: str, reserve_bytes: int) -> Refused:
    """The volume has too little room; ``missing`` says how much more is needed."""
    return Refused(
        f"it does not fit: {missing} is needed on the volume, beside the reserve of {human_size(reserve_bytes)}",
        reason=TOO_LARGE,
        check="the volume's size and what else lies on it (df)",
        do="Enlarge the volume, or set a smaller --reserve.",
    )


def shown(name: bytes) -> str:
    """A member's name for people: quoted, escaped, bounded. It comes from the archive and may hold anything."""
    text = name.decode("utf-8", "backslashreplace")
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text[:_NAME_LIMIT]
    )
    return f"'{escaped}'" if len(text) <= _NAME_LIMIT else f"'{escaped}…'"
