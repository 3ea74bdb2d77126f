"""How much memory an archive takes that comes by one or several connections, faster than it is unpacked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bootstrap_monitor.core.archive.format import Format
from tests.support.archive_server import ArchiveServer
from tests.support.archives import file, packed, tar
from tests.support.programs import ROOT

MIB = 1024 * 1024

MEASURE = """
import resource, sys
from datetime import timedelta
from pathlib import Path
from bootstrap_monitor.adapters.archive.unpack import unpack
from bootstrap_monitor.adapters.archive_source.opening import open_source
from bootstrap_monitor.clock import SystemClock
from bootstrap_monitor.core.restore.source_name import parse

source = open_source(parse(sys.argv[1]), connections=int(sys.argv[3]), read_stall=timedelta(minutes=1),
                     retry_budget=timedelta(minutes=1), clock=SystemClock())
unpack(source.read(), Path(sys.argv[2]), name_of_source="archive", room=lambda: 1 << 40, reserve_bytes=0,
       progress=lambda _: None)
status = Path("/proc/self/status")  # elsewhere than on Linux the other figure is not the parent's
if status.exists():
    print(int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("connections", "limit"), [(1, 64 * MIB), (4, 128 * MIB)], ids=["one", "four"])
def test_memory_is_bounded(connections: int, limit: int, root: Path) -> None:
    content = Random(5).randbytes(16 * MIB)  # what a database has is packed already
    archive = packed(tar(*(file(f"db/{number}", content) for number in range(12))), Format.ZSTD)
    with ArchiveServer(archive) as server:
        words: list[str | Path] = [sys.executable, "-c", MEASURE, server.url, root, str(connections)]
        done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert int(done.stdout) <= limit
