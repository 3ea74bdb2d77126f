"""How much memory frames take, packed and plain, of those who fetch and of the one who writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bootstrap_monitor.core.archive.format import Format
from tests.support.archives import file, tar
from tests.support.framed_archives import Framed, framed_every
from tests.support.programs import ROOT

MIB = 1024 * 1024

MEASURE = """
import os, resource, sys
from pathlib import Path
from bootstrap_monitor.adapters.archive.frames import unpack_frames
from bootstrap_monitor.core.restore.metadata import parse
from bootstrap_monitor.errors import ConfigurationError

archive = os.open(sys.argv[1], os.O_RDONLY)
metadata = parse(Path(sys.argv[1] + ".json").read_bytes(), "metadata")
try:
    unpack_frames(lambda start, stop: os.pread(archive, stop - start, start), metadata, Path(sys.argv[2]),
                  name_of_source="archive", connections=int(sys.argv[3]), room=lambda: 1 << 40, reserve_bytes=0,
                  progress=lambda _: None, checkpoint=lambda _: None)
except ConfigurationError as error:
    print(error.what, file=sys.stderr)
status = Path("/proc/self/status")  # elsewhere than on Linux the other figure is not the parent's
if status.exists():
    print(int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
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
    done = measured(archive, connections, root, tmp_path)
    assert done.stderr == ""
    assert int(done.stdout) <= limit


def test_a_frame_that_holds_more_than_its_metadata_say_is_not_held(root: Path, tmp_path: Path) -> None:
    archive = framed_every(tar(file("db/zeros", bytes(200 * MIB))), 1 << 40)
    archive.document["uncompressedSize"] = MIB
    done = measured(archive, 1, root, tmp_path)
    assert "its content has more than the 1048576 bytes that its metadata say" in done.stderr
    assert int(done.stdout) <= 64 * MIB


def measured(archive: Framed, connections: int, root: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Prints the peak, in bytes."""
    (tmp_path / "archive").write_bytes(archive.archive)
    (tmp_path / "archive.json").write_bytes(archive.json)
    words: list[str | Path] = [sys.executable, "-c", MEASURE, tmp_path / "archive", root, str(connections)]
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120)
