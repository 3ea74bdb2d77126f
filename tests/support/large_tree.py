"""A database of 10,000 files in an archive of each format, with names and holes that old formats cannot tell."""

from __future__ import annotations

import hashlib
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from bootstrap_monitor.core.archive.format import Format
from tests.support import programs
from tests.support.archives import Item, file, folder, packed, tar

FILES = 10_000
MIB = 1024 * 1024
SPARSE_BYTES = 8 * MIB
_SECOND_AT = 5 * MIB
_DATA = bytes(range(256)) * 16
_SPARSE = {"sparse": "1.0", f"{'s' * 200}/{'t' * 200}": "0.1"}
"""Names, and by which of GNU tar's formats."""

Digests = dict[str, str]
"""The SHA-256 of each file by its path in ``db``."""


@cache
def archive(format_: Format) -> bytes:
    return packed(_tar()[0], format_)


def expected() -> Digests:
    return _tar()[1]


@contextmanager
def folder_in_memory(otherwise: Path) -> Iterator[Path]:
    """Where the system has such: ten thousand files take a disk seconds to make durable."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else otherwise) as made:
        yield Path(made)


def assert_restored(source: str, format_: Format, into: Path) -> None:
    """By the program, in a process of its own: byte for byte, holes as holes."""
    sha256 = hashlib.sha256(archive(format_)).hexdigest()
    done = programs.run("restore", source, "--data-dir", str(into), "--sha256", sha256)
    assert done.returncode == 0, done.stderr
    database, wanted = into / "db", expected()
    there = _digests(database)
    different = sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
    assert not different, f"{len(different)}, among them {different[:5]}"
    assert all((database / name).stat().st_blocks * 512 < MIB for name in _SPARSE)


def _digests(database: Path) -> Digests:
    digests = {}
    for place, _, names in os.walk(database):
        for name in names:
            with open(f"{place}/{name}", "rb") as restored:  # noqa: PTH123 - ten thousand times
                digests[f"{place}/{name}"] = hashlib.sha256(restored.read()).hexdigest()
    return {path.removeprefix(f"{database}/"): digest for path, digest in digests.items()}


@cache
def _tar() -> tuple[bytes, Digests]:
    content = dict(sorted(_files()))
    folders = sorted({str(Path(name).parent) for name in (*content, *_SPARSE)})
    items = [
        folder("db"),
        *(folder(f"db/{name}") for name in folders),
        *(file(f"db/{name}", content[name]) for name in content),
        *(_sparse_item(f"db/{name}", version) for name, version in _SPARSE.items()),
    ]
    content |= dict.fromkeys(_SPARSE, _DATA.ljust(_SECOND_AT, b"\0") + _DATA.ljust(SPARSE_BYTES - _SECOND_AT, b"\0"))
    digests = {name: hashlib.sha256(each).hexdigest() for name, each in content.items()}
    return tar(*items, format=tarfile.PAX_FORMAT), digests


def _files() -> Iterator[tuple[str, bytes]]:
    """Of up to 1 KiB; some with the longest names that there are."""
    for number in range(FILES - len(_SPARSE)):
        seed = hashlib.sha256(str(number).encode()).digest()
        place = f"{'d' * 255}/{'e' * 255}/{'ü' * 120}" if number % 100 == 0 else f"{number % 64:02x}"
        yield f"{place}/{number:06}.ldb", seed * (seed[0] // 8)


def _sparse_item(name: str, version: str) -> Item:
    """As GNU tar writes it: two segments, the map before the data (1.0) or in the header (0.1)."""
    segments = [0, len(_DATA), _SECOND_AT, len(_DATA)]
    stored = _DATA + _DATA
    if version == "1.0":
        fields = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(SPARSE_BYTES)}
        stored = "".join(f"{number}\n" for number in (2, *segments)).encode().ljust(512, b"\0") + stored
    else:
        fields = {"GNU.sparse.size": str(SPARSE_BYTES), "GNU.sparse.map": ",".join(map(str, segments))}
    return file("GNUSparseFile.0/x", stored, pax_headers={**fields, "GNU.sparse.name": name})
