"""How much memory frames take, packed and plain, of those who fetch and of the one who writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bootstrap_monitor.core.archive.format import Format
from tests.support.archives import file, tar
from tests.support.framed_archives import framed_every
from tests.support.programs import ROOT

MIB = 1024 * 1024

MEASURE = """
import os, resource, sys
from pathlib import Path
from bootstrap_monitor.adapters.archive.frames import unpack_frames
from bootstrap_monitor.core.restore.metadata import parse

archive = os.open(sys.argv[1], os.O_RDONLY)
metadata = parse(Path(sys.argv[1] + ".json").read_bytes(), "metadata")
unpack_frames(lambda start, stop: os.pread(archive, stop - start, start), metadata, Path(sys.argv[2]),
              name_of_source="archive", connections=int(sys.argv[3]), room=lambda: 1 << 40, reserve_bytes=0,
              progress=lambda _: None, checkpoint=lambda _: None)
status = Path("/proc/self/status")  # elsewhere than on Linux the other figure is not the parent's
if status.exists():
    print(int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize(
    ("format_", "frame", "connections", "limit"),
    [
        (Format.ZSTD, 8 * MIB, 1, 64 * MIB),
        (Format.ZSTD, 8 * MIB, 4, 128 * MIB),
        (Format.ZSTD, 4 * MIB, 4, 128 * MIB),
        (Format.GZIP, 8 * MIB, 4, 128 * MIB),
    ],
    ids=["one", "four", "four, smaller frames", "four, gzip"],
)
def test_memory_is_bounded(
    format_: Format, frame: int, connections: int, limit: int, root: Path, tmp_path: Path
) -> None:
    content = Random(5).randbytes(8 * MIB)  # what a database has is packed already
    archive = framed_every(tar(*(file(f"db/{number}", content) for number in range(12))), frame, format_)
    (tmp_path / "archive").write_bytes(archive.archive)
    (tmp_path / "archive.json").write_bytes(archive.json)
    words: list[str | Path] = [sys.executable, "-c", MEASURE, tmp_path / "archive", root, str(connections)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert int(done.stdout) <= limit
