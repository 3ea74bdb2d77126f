"""Which object an archive's address names at the moment: what a later answer is compared with."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core.json import JsonObject


@dataclass(frozen=True, slots=True)
class Identity:
    """As the source tells; what it does not tell is ``None``. ``size`` is in bytes, the others are verbatim."""

    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None

    def same_as(self, other: Identity) -> bool:
        """Whether nothing that both know differs; an entity tag decides where both have one."""
        if self.size is not None and other.size is not None and self.size != other.size:
            return False
        if self.etag and other.etag:
            return self.etag == other.etag
        if self.last_modified and other.last_modified:
            return self.last_modified == other.last_modified
        return True

    def proves(self, other: Identity) -> bool:
        """Whether ``other`` is the very same object: nothing differs, and something more than the size tells so."""
        both = (self.etag and other.etag) or (self.last_modified and other.last_modified)
        return bool(both) and self.same_as(other)

    @property
    def tells(self) -> bool:
        """Whether there is anything but a size to know the object again by."""
        return bool(self.etag or self.last_modified)

    def json(self) -> JsonObject:
        """For the marker: what is known."""
        known = {"size": self.size, "etag": self.etag, "lastModified": self.last_modified}
        return {name: value for name, value in known.items() if value is not None}


def of_json(document: JsonObject) -> Identity:
    """What :meth:`Identity.json` wrote; damage counts as not known."""
    size, etag, modified = (document.get(name) for name in ("size", "etag", "lastModified"))
    return Identity(
        size=size if isinstance(size, int) else None,
        etag=etag if isinstance(etag, str) else None,
        last_modified=modified if isinstance(modified, str) else None,
    )
