"""Why an archive is not unpacked."""

from __future__ import annotations

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


def damaged(what: str) -> Refused:
    """The archive is cut, changed, or not what it says."""
    return Refused(
        what,
        reason="ArchiveDamaged",
        check="the archive with its own tools (gzip -t, zstd -t, tar -t), and its size and sha256 at the origin",
        do="Give an intact archive.",
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


def shown(name: bytes) -> str:
    """A member's name for people: quoted, escaped, bounded. It comes from the archive and may hold anything."""
    text = name.decode("utf-8", "backslashreplace")
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text[:_NAME_LIMIT]
    )
    return f"'{escaped}'" if len(text) <= _NAME_LIMIT else f"'{escaped}…'"
