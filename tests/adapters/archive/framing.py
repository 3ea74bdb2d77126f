"""An archive that is cut everywhere, and unpacking its frames."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from random import Random
from typing import Any

from bootstrap_monitor.adapters.archive.frames import unpack_frames
from bootstrap_monitor.adapters.archive.unpack import Unpacked
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.metadata import Metadata
from tests.support.archives import AMPLE_BYTES, file, folder, ignore, symlink, tar
from tests.support.framed_archives import Framed, framed

RANDOM = Random(7)
LONG = "n" * 200
LARGE = RANDOM.randbytes(30_000)
TREE: dict[str, Any] = {
    "db": {
        "v1": {"small": b"s", "large": LARGE, "blocks": LARGE[:2048], "empty": b"", LONG: b"long" * 300},
        "link": Path("v1/large"),
        "last": LARGE[:3000],
    }
}
ITEMS = [
    file("LICENSE", b"left out" * 400),
    folder("x/db"),
    folder("x/db/v1", 0o711),
    file("x/db/v1/small", b"s"),
    file("x/db/v1/large", LARGE, mode=0o640),
    file("x/db/v1/blocks", LARGE[:2048]),
    file("x/db/v1/empty", b""),
    file(f"x/db/v1/{LONG}", b"long" * 300),
    symlink("x/db/link", "v1/large"),
    file("x/db/last", LARGE[:3000]),
]
TARS = {"gnu": tar(*ITEMS), "pax": tar(*ITEMS, format=tarfile.PAX_FORMAT)}


def cuts(content: bytes) -> dict[str, int]:
    """Positions in the tar, by what they cut."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        at = {info.name.removeprefix("x/db/"): info for info in archive}
    last = at["last"].offset_data + 3072
    return {
        "file that is left out": at["LICENSE"].offset_data + 1000,
        "between members": at["v1/large"].offset,
        "before a file's first byte": at["v1/large"].offset_data,
        "inside a file": at["v1/large"].offset_data + 7001,
        "inside a file, between blocks": at["v1/large"].offset_data + 10 * 512,
        "after a file's last byte": at["v1/large"].offset_data + 30_000,
        "padding": at["v1/large"].offset_data + 30_100,
        "behind a file of whole blocks": at["v1/blocks"].offset_data + 2048,
        "header": at["v1/empty"].offset + 100,
        "behind an empty file": at["v1/empty"].offset_data,
        "header of a long name": at[f"v1/{LONG}"].offset + 300,
        "long name": at[f"v1/{LONG}"].offset + 512 + 50,
        "between a long name and its file": at[f"v1/{LONG}"].offset + 1024,
        "file with a long name": at[f"v1/{LONG}"].offset_data + 1,
        "before a link": at["link"].offset,
        "behind the last member": last,
        "end": last + 700,
    }


NOT_RESUMABLE = {"header", "header of a long name", "long name", "between a long name and its file", "end"}


def cut_everywhere(format_: Format = Format.ZSTD, kind: str = "gnu") -> Framed:
    content = TARS[kind]
    return framed(content, cuts(content).values(), format_)


def restored_frames(source: Framed, into: Path, metadata: Metadata | None = None, **options: Any) -> Unpacked:
    """Unpack with ample room, a checkpoint wherever there can be one, unless ``options`` say otherwise."""
    defaults: dict[str, Any] = {
        "fetch": source.fetch,
        "metadata": metadata or source.metadata,
        "name_of_source": "archive",
        "connections": 3,
        "room": lambda: AMPLE_BYTES,
        "reserve_bytes": 0,
        "progress": ignore,
        "checkpoint": lambda _: None,
        "checkpoint_bytes": 1,
    }
    return unpack_frames(into=into, **(defaults | options))


def states_of(source: Framed, into: Path, **options: Any) -> list[JsonObject]:
    """Each checkpoint of one that unpacks all."""
    states: list[JsonObject] = []
    restored_frames(source, into, checkpoint=states.append, **options)
    return states


FRAMES = len(cuts(TARS["gnu"])) + 1
NAMES = [name for name, _ in sorted(cuts(TARS["gnu"]).items(), key=lambda item: item[1])]


def number_of(name: str) -> int:
    """The frame that begins with this cut."""
    return NAMES.index(name) + 1


INSIDE = number_of("inside a file")
"""What begins there is no member, but the rest of one."""
