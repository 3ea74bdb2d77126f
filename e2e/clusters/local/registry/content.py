"""What a registry holds, in a folder: blobs once, and by repository which of them it has, its manifests and tags."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = rf"{_COMPONENT}(?:/{_COMPONENT})*"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """As it was pushed, byte by byte."""

    kind: str
    """Its media type."""
    content: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.content)


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Content:
    """Writes are atomic, and what is written can be read by a later process. Names are checked by the caller."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._repositories = folder / "repositories"

    def put_blob(self, repository: str, content: bytes) -> None:
        digest = digest_of(content)
        _write(self._blobs / digest, content)
        self.link_blob(repository, digest)

    def link_blob(self, repository: str, digest: str) -> None:
        """The repository has it too."""
        _write(self._place(repository, "_blobs", digest), b"")

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._place(repository, "_blobs", digest).exists()

    def blob(self, repository: str, digest: str) -> bytes | None:
        return (self._blobs / digest).read_bytes() if self.has_blob(repository, digest) else None

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        _write(self._blobs / manifest.digest, manifest.content)
        _write(self._place(repository, "_manifests", manifest.digest), manifest.kind.encode())
        if tag:
            _write(self._place(repository, "_tags", tag), manifest.digest.encode())

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """By tag or digest."""
        try:
            if not DIGEST.fullmatch(reference):
                reference = self._place(repository, "_tags", reference).read_text()
            kind = self._place(repository, "_manifests", reference).read_text()
            return Manifest(kind, (self._blobs / reference).read_bytes())
        except FileNotFoundError:
            return None

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """Removes it and all tags that name it; whether it was there."""
        for tag in self.tags(repository):
            place = self._place(repository, "_tags", tag)
            if place.read_text() == digest:
                place.unlink(missing_ok=True)
        try:
            self._place(repository, "_manifests", digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def tags(self, repository: str) -> list[str]:
        return sorted(place.name for place in (self._repositories / repository / "_tags").glob("*"))

    def _place(self, repository: str, kind: str, name: str) -> Path:
        return self._repositories / repository / kind / name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the folder of blobs or of links, whose names never begin with a dot.
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)
