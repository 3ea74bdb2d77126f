"""Where archives are published, in memory; and a volume that is filled from there by all that is real besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from bootstrap_monitor import restore_wiring
from bootstrap_monitor.adapters.archive.database import Database
from bootstrap_monitor.adapters.archive_source.refused import forbidden, not_found
from bootstrap_monitor.core import names
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.marker import Marker, State, parse
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import SourceChanged
from bootstrap_monitor.steps.restoring import Restoring
from tests.support import trees
from tests.support.archives import file, tar
from tests.support.clock import FakeClock

URL = "https://archives.example.com/fuji.tar"
METADATA = f"{URL}.json"
TEST = "0123456789abcdef"
CHUNK_BYTES = 64 * 1024
AMPLE = DiskSpace(total_bytes=1 << 40, available_bytes=1 << 39)


def tree(letter: str) -> dict[str, Any]:
    """A database that differs from one of another letter in each byte of its table."""
    return {"CURRENT": b"MANIFEST-000001\n", "000001.ldb": letter.encode() * (5 * CHUNK_BYTES)}


def archive(letter: str) -> bytes:
    """As a tar that tells by nothing that it was damaged."""
    return tar(*(file(f"db/{name}", content) for name, content in tree(letter).items()))


A, B = archive("a"), archive("b")


@dataclass
class Origin:
    """Objects by their addresses. What is read is told to ``before_chunk`` first, with the object's position."""

    objects: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    """By address; others have one by their content. Empty: none."""
    forbidden: set[str] = field(default_factory=set)
    ranged: bool = True
    """Whether ranges can be had."""
    asked: list[str] = field(default_factory=list)
    """Addresses, for each question of any kind."""
    starts: list[tuple[str, int]] = field(default_factory=list)
    """Where each read began."""
    before_chunk: Callable[[str, int], object] = lambda _address, _position: None

    def open(self, name: SourceName) -> _Source:
        return _Source(self, name.shown)

    def identity_of(self, address: str) -> Identity:
        content = self.objects[address]
        return Identity(len(content), self.etags.get(address, f'"{hash(content)}"') or None)


@dataclass
class _Source:
    origin: Origin
    name: str
    _identity: Identity | None = None

    def identity(self) -> Identity:
        if self._identity is None:
            self.origin.asked.append(self.name)
            if self.name in self.origin.forbidden:
                raise forbidden(self.name, "status 403")
            if self.name not in self.origin.objects:
                raise not_found(self.name, "status 404")
            self._identity = self.origin.identity_of(self.name)
        return self._identity

    def read(self, start: int = 0) -> Iterator[bytes]:
        size = self.identity().size or 0
        self.origin.starts.append((self.name, start))
        if start > size:
            raise SourceChanged(f"{self.name} has {size} bytes, {start} were read already")
        if start and not self.identity().tells:
            raise SourceChanged(f"{self.name} tells nothing to know it again by")
        for position in range(start, size, CHUNK_BYTES):
            yield self._at(position, min(position + CHUNK_BYTES, size))

    @property
    def ranged(self) -> bool:
        return self.origin.ranged

    def read_range(self, start: int, stop: int) -> bytes:
        self.identity()
        if not self.ranged:
            raise SourceChanged(f"{self.name} can be had as a whole only")
        self.origin.starts.append((self.name, start))
        return self._at(start, stop)

    def _at(self, start: int, stop: int) -> bytes:
        self.origin.asked.append(self.name)
        self.origin.before_chunk(self.name, start)
        if self.origin.identity_of(self.name) != self.identity():
            raise SourceChanged(f"{self.name} was replaced")
        return self.origin.objects[self.name][start:stop]

    def close(self) -> None:
        """Nothing is open."""


class Volume:
    """A folder as the data volume, and what is restored into it. Each :meth:`restoring` is another process."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.folder = folder / "volume"
        self.folder.mkdir()
        self.staging = folder / "staging"
        self.staged = self.staging / "bootstrap-restore.part"
        self.origin = origin
        self.clock = FakeClock()
        self.space = AMPLE

    def put(self, letter: str) -> None:
        """A database that is there already."""
        trees.make(self.folder, {"db": tree(letter)})

    def mark(self, state: State, test: str = TEST, **fields: Any) -> None:
        (self.folder / names.RESTORE_MARKER).write_bytes(Marker(test, state, URL, **fields).encode())

    @property
    def marker(self) -> Marker | None:
        file = self.folder / names.RESTORE_MARKER
        return parse(file.read_bytes()) if file.exists() else None

    @property
    def state(self) -> State | None:
        marker = self.marker
        return marker.state if marker else None

    @property
    def database(self) -> dict[str, Any] | None:
        folder = self.folder / "db"
        return trees.read(folder) if folder.exists() else None

    def restoring(self, *, staged: bool = False, **request: Any) -> Restoring:
        request.setdefault("reserve", Reserve(0.0, 0))
        wanted = Request(
            source_name.parse(request.pop("source", URL)),
            staging_dir=str(self.staging) if staged else None,
            retry_budget=timedelta(0),
            **request,
        )
        wired = restore_wiring.restoring(wanted, self.folder, self.clock)(self.folder)
        database = wired.database
        assert isinstance(database, Database)
        return replace(wired, open_source=self.origin.open, database=replace(database, free=lambda: self.space))

    def restore(self, config: TestConfig | None = None, **options: Any) -> Marker:
        return self.restoring(**options).run(TEST, config)


def metadata(**keys: Any) -> bytes:
    document: JsonObject = {"schema": 1, **keys}
    return orjson.dumps(document)
