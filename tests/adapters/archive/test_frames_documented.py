"""``docs/archive-format.md`` and its JSON Schema say what the program does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bootstrap_monitor.adapters.archive import frame_reader
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore import metadata
from bootstrap_monitor.core.restore.metadata import Frame, FrameMember, Metadata
from bootstrap_monitor.core.test_config import SyncMode
from bootstrap_monitor.errors import ConfigurationError
from tests.adapters.archive.framing import cut_everywhere, restored_frames
from tests.support.archives import file, folder, restored, tar
from tests.support.framed_archives import Framed, framed_every
from tests.support.json_schema import problems
from tests.support.programs import ROOT
from tests.support.trees import make, read

PAGE = (ROOT / "docs/archive-format.md").read_text()
SCHEMA = json.loads((ROOT / "docs/archive-format.schema.json").read_text())
OBJECTS = {"metadata": SCHEMA, "frame": SCHEMA["$defs"]["frame"], "member": SCHEMA["$defs"]["member"]}
WHOLE = {
    "network": "fuji",
    "syncMode": "full-sync",
    "nodeVersion": "avalanchego/1.14.2",
    "createdAt": "2026-11-21T12:00:00Z",
}


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {re.escape(name)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("format_", [Format.ZSTD, Format.GZIP])
def test_the_schema_fits_what_is_written(format_: Format) -> None:
    document = json.loads(cut_everywhere(format_).json) | WHOLE
    assert list(problems(document, SCHEMA)) == []


WRONG: dict[str, dict[str, Any]] = {
    "no schema": {"schema": None},
    "newer": {"schema": 2},
    "size": {"size": "1"},
    "sha256": {"sha256": "A" * 64},
    "mode": {"syncMode": "fast"},
    "frames": {"frames": [{"offset": 0}]},
}


@pytest.mark.parametrize("keys", WRONG.values(), ids=WRONG)
def test_the_schema_finds_what_is_wrong(keys: dict[str, Any]) -> None:
    assert list(problems(json.loads(cut_everywhere().json) | keys, SCHEMA))


def test_frames_want_sizes() -> None:
    assert list(problems({"schema": 1, "frames": []}, SCHEMA)) == [
        "$: dependentRequired {'frames': ['size', 'uncompressedSize']}"
    ]


@pytest.mark.parametrize(
    ("name", "type_", "others"),
    [("metadata", Metadata, {"schema", "createdAt"}), ("frame", Frame, set()), ("member", FrameMember, set())],
)
def test_the_schema_has_each_key_that_is_read(name: str, type_: Any, others: set[str]) -> None:
    ours = {re.sub(r"_(.)", lambda found: found[1].upper(), field.name) for field in fields(type_)}
    assert set(OBJECTS[name]["properties"]) == ours | others


@pytest.mark.parametrize(
    ("name", "key"),
    [(name, key) for name, schema in OBJECTS.items() for key in schema["properties"] if key != "createdAt"],
)
def test_each_key_of_the_schema_is_read_and_explained(name: str, key: str) -> None:
    document = json.loads(framed_every(tar(file("db/x", bytes(2000))), 1024).json)
    entry = {"metadata": document, "frame": document["frames"][1], "member": document["frames"][1]["member"]}[name]
    entry[key] = {"not": "this"}
    with pytest.raises(ConfigurationError, match=key):
        metadata.parse(json.dumps(document).encode(), "metadata")
    assert f"| `{'member.' if name == 'member' else ''}{key}` |" in PAGE


def test_limits_are_those_of_the_program() -> None:
    assert SCHEMA["$defs"]["frame"]["properties"]["length"]["maximum"] == frame_reader.FRAME_LIMIT_BYTES
    assert f"at most {frame_reader.FRAME_LIMIT_BYTES >> 20} MiB |" in PAGE
    assert f"the content is at most {frame_reader.CONTENT_LIMIT_BYTES >> 20} MiB |" in PAGE
    assert SCHEMA["properties"]["syncMode"]["enum"] == list(SyncMode)


def test_the_example_is_that_of_its_tar() -> None:
    document = json.loads(example("metadata"))
    assert list(problems(document, SCHEMA)) == []
    metadata.parse(json.dumps(document).encode(), "metadata")
    ours = framed_every(tar(folder("db"), file("db/CURRENT", bytes(16)), file("db/000001.ldb", bytes(3000))), 4096)
    assert document["uncompressedSize"] == ours.document["uncompressedSize"]
    for told, made in zip(document["frames"], ours.document["frames"], strict=True):
        assert told["tarOffset"] == made["tarOffset"]
        assert told.get("member") == made.get("member")


@pytest.mark.parametrize("suffix", ["tar.gz", "tar.zst"])
def test_the_script_makes_an_archive_in_frames(suffix: str, root: Path, tmp_path: Path) -> None:
    if suffix == "tar.zst" and not shutil.which("zstd"):
        pytest.skip("there is no zstd")
    (tmp_path / "frames.py").write_text(example("frames.py"))
    tree: dict[str, Any] = {
        "db": {
            "n" * 200: Random(1).randbytes(5_000_000),
            "large": Random(2).randbytes(6_000_000),
            "link": Path("large"),
            "v1": {"CURRENT": b"MANIFEST-000001\n"},
        }
    }
    (tmp_path / "tree").mkdir()
    make(tmp_path / "tree", tree)
    with tarfile.open(tmp_path / "db.tar", "w", format=tarfile.PAX_FORMAT) as packing:
        packing.add(tmp_path / "tree/db", "db")
    words: list[str | Path] = [sys.executable, "frames.py", "db.tar", f"fuji.{suffix}"]
    subprocess.run(words, check=True, cwd=tmp_path)
    made = Framed(
        (tmp_path / f"fuji.{suffix}").read_bytes(), json.loads((tmp_path / f"fuji.{suffix}.json").read_bytes())
    )
    assert list(problems(made.document, SCHEMA)) == []
    assert [frame.member is None for frame in made.metadata.frames] == [True, False, False]
    states: list[dict[str, Any]] = []
    assert restored_frames(made, root, checkpoint=states.append).sha256 == made.metadata.sha256
    assert read(root) == tree
    assert [state["frame"] for state in states] == [1, 2]
    (tmp_path / "usual").mkdir()
    restored(made.archive, tmp_path / "usual")
    assert read(tmp_path / "usual") == tree
