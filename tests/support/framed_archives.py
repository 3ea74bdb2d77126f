"""Archives in frames, and their metadata: see ``docs/archive-format.md``."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore.metadata import Metadata, parse
from tests.support.archives import packed

BLOCK = 512


@dataclass(frozen=True)
class Framed:
    """A ``.tar.zst`` or ``.tar.gz`` for everybody, and what its metadata say."""

    archive: bytes
    document: dict[str, Any]

    @property
    def json(self) -> bytes:
        return json.dumps(self.document).encode()

    @property
    def metadata(self) -> Metadata:
        return parse(self.json, "metadata")

    def fetch(self, start: int, stop: int) -> bytes:
        return self.archive[start:stop]

    def changed(self, number: int, **keys: Any) -> Metadata:
        """Metadata that say something else of one frame."""
        frames = list(self.document["frames"])
        frames[number] = frames[number] | keys
        return parse(json.dumps(self.document | {"frames": frames}).encode(), "metadata")


def framed(content: bytes, cuts: Iterable[int], format_: Format = Format.ZSTD, **keys: Any) -> Framed:
    """The tar ``content`` in frames that begin at its start and at ``cuts``; ``keys`` are more of the metadata's."""
    files = _files(content)
    archive = bytearray()
    frames = []
    for start, stop in pairwise([0, *sorted(cuts), len(content)]):
        frame = packed(content[start:stop], format_)
        said = {
            "offset": len(archive),
            "length": len(frame),
            "sha256": hashlib.sha256(frame).hexdigest(),
            "tarOffset": start,
        }
        if member := _member_at(files, start):
            said["member"] = member
        frames.append(said)
        archive += frame
    document = {
        "schema": 1,
        "size": len(archive),
        "sha256": hashlib.sha256(archive).hexdigest(),
        "uncompressedSize": len(content),
        **keys,
        "frames": frames,
    }
    return Framed(bytes(archive), document)


def framed_every(content: bytes, size: int, format_: Format = Format.ZSTD, **keys: Any) -> Framed:
    """The same, in frames of ``size`` bytes of the tar."""
    return framed(content, range(size, len(content), size), format_, **keys)


def _files(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return [info for info in archive if info.isreg()]


def _member_at(files: list[tarfile.TarInfo], position: int) -> dict[str, Any] | None:
    """The file whose data, or the padding behind it, ``position`` is in; None where its name is not UTF-8."""
    for info in files:
        offset = position - info.offset_data
        if 0 <= offset < info.size + -info.size % BLOCK and not any("\ud800" <= char < "\ue000" for char in info.name):
            return {"name": info.name, "size": info.size, "mode": info.mode, "offset": offset}
    return None
