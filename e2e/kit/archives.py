"""Archives of databases, on a server that pods reach."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.kit.cluster import Cluster
from tests.support.archive_server import ArchiveServer, status

FILES, FILE_BYTES = 4, 1 << 20
"""Little: to scenarios beside, 64 MiB that the disk has moved are the progress of a node."""
HELD_FROM = 3 * FILE_BYTES
"""A part of it, if no more is sent."""


@dataclass(frozen=True)
class Archive:
    """``files`` are those that it holds, by their names below ``db/``."""

    content: bytes
    files: Mapping[str, bytes]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def is_in(self, database: Path) -> bool:
        """Whether all files are there, byte for byte; more may be."""
        return all((database / name).read_bytes() == content for name, content in self.files.items())


def of_scripted_node(height: int) -> Archive:
    """Of one that keeps its progress: the next one goes on at this height, at one block a second."""
    randomness = random.Random(height)
    files = {f"{number:06}.ldb": randomness.randbytes(FILE_BYTES) for number in range(FILES)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in [*files.items(), ("age", str(height).encode())]:
            member = tarfile.TarInfo(f"db/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return Archive(packed.getvalue(), files)


def of_folder(database: Path) -> Archive:
    """Of the database of a node that is stopped."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.add(database, "db")
    return Archive(packed.getvalue(), {})


def server(cluster: Cluster, archive: Archive, port: int = 0) -> ArchiveServer:
    """Of this archive, without metadata; without ``port`` on a free one."""
    made = ArchiveServer(archive.content, host=cluster.own_address(), port=port)
    made.decide = lambda request: status(404) if request.path.endswith(".json") else None
    return made


def publish(on: ArchiveServer, archive: Archive) -> None:
    """In the place of the one before."""
    on.content, on.etag = archive.content, f'"{archive.sha256}"'
