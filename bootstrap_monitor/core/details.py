"""The test details: the small file on the data volume that says whose data the volume holds.

``{"image": …, "startTime": …}`` is what upstream's program writes and reads; the other keys are ours. Absent means
"clear again".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.fingerprint import Change, Fingerprint, first_change
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError

SCHEMA = 1
"""Raised only by a change that makes an older release misread the file."""


@dataclass(frozen=True, slots=True)
class Details:
    """The test whose data is on the volume. A field that the file lacks is ``None``."""

    image: str
    """The container's image string, verbatim, so that upstream's program resumes the test too."""
    start_time: str
    """RFC 3339, verbatim: together with the fingerprint it names the test."""
    repository: str | None = None
    tracked_tag: str | None = None
    versions: str | None = None
    """The node's version JSON, as in the template's annotation."""
    fingerprint: dict[str, str] | None = None
    initial_db: JsonObject | None = None
    """Of the archive that the database was restored from: source, size, entity tag, sha256, as far as known."""
    json: JsonObject = field(default_factory=dict)
    """The file's whole content: keys of other releases are kept."""

    @property
    def started(self) -> datetime:
        """:attr:`start_time`, as an instant."""
        return datetime.fromisoformat(self.start_time)

    @property
    def reference(self) -> ImageReference | None:
        """:attr:`image`; ``None`` where it is no image reference."""
        try:
            return image_reference.parse(self.image)
        except ConfigurationError:
            return None

    @property
    def digest(self) -> str | None:
        """The digest of the image under test; a file whose image has none names no test."""
        return self.reference.digest if self.reference else None

    @property
    def initial_db_archive(self) -> str:
        """The archive that the test was started from, as its fingerprint says it; empty for none."""
        return (self.fingerprint or {}).get("initial_db_archive", "")

    def encode(self) -> bytes:
        """The file's content."""
        ours = {
            "image": self.image,
            "startTime": self.start_time,
            "schema": SCHEMA,
            "repository": self.repository,
            "trackedTag": self.tracked_tag,
            "versions": self.versions,
            "fingerprint": self.fingerprint,
            "initialDbArchive": self.initial_db,
        }
        return orjson.dumps({**self.json, **{key: value for key, value in ours.items() if value is not None}})

    def change_to(self, current: Fingerprint) -> Change | None:
        """The field in which ``current`` is another test than this one; ``None`` for the same test."""
        recorded = dict(self.fingerprint or {})
        recorded.setdefault("image", self.digest or self.image)
        recorded.setdefault("initial_db_archive", "")  # who does not tell knew no archives
        return first_change(recorded, current)

    def filled(self, other: Details) -> Details:
        """This file with what it lacks taken from ``other``; equal to this one where it lacks nothing."""
        known = {**(other.fingerprint or {}), **(self.fingerprint or {})}
        return replace(
            self,
            repository=self.repository or other.repository,
            tracked_tag=self.tracked_tag or other.tracked_tag,
            versions=self.versions or other.versions,
            fingerprint=known or None,
        )


@dataclass(frozen=True, slots=True)
class NoDetails:
    """The file is absent: the volume's data belongs to no test."""


@dataclass(frozen=True, slots=True)
class UnreadableDetails:
    """The file is there and reading failed: nobody knows what it says."""

    error: str


@dataclass(frozen=True, slots=True)
class MalformedDetails:
    """The file was read and is not a details file."""

    why: str


@dataclass(frozen=True, slots=True)
class NewerDetails:
    """The file was written by a later release, incompatibly."""

    schema: int


DetailsFile = Details | NoDetails | UnreadableDetails | MalformedDetails | NewerDetails


def parse(content: bytes | None) -> DetailsFile:
    """What the file says; ``None`` is an absent file."""
    if content is None:
        return NoDetails()
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return MalformedDetails(f"not JSON: {error}" if content.strip() else "empty")
    if not isinstance(document, dict):
        return MalformedDetails("not a JSON object")
    schema = document.get("schema", SCHEMA)
    if isinstance(schema, int) and schema > SCHEMA:
        return NewerDetails(schema)
    image, start_time = document.get("image"), document.get("startTime")
    if not (isinstance(image, str) and image):
        return MalformedDetails("without an `image` that is a text")
    if not (isinstance(start_time, str) and _is_instant(start_time)):
        return MalformedDetails("without a `startTime` that is an RFC 3339 time")
    return Details(
        image=image,
        start_time=start_time,
        repository=_text(document.get("repository")),
        tracked_tag=_text(document.get("trackedTag")),
        versions=_text(document.get("versions")),
        fingerprint=_texts(document.get("fingerprint")),
        json=document,
    )


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


# Damage to what upstream's program does not know either is no reason to throw data away: it counts as lacking.
def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {name: text for name, text in value.items() if isinstance(text, str)}
