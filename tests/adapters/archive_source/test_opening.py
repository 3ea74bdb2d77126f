from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.archive_source.opening import open_source
from bootstrap_monitor.core.restore.source_name import parse
from tests.adapters.archive_source.opened import CONTENT
from tests.support.archive_server import ArchiveServer
from tests.support.archives import assert_threads_end
from tests.support.clock import FakeClock

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("connections", [1, 4])
def test_an_address_and_a_path(server: ArchiveServer, tmp_path: Path, connections: int) -> None:
    (tmp_path / "db.tar").write_bytes(CONTENT)
    for text in (server.url, str(tmp_path / "db.tar")):
        source = open_source(
            parse(text), connections=connections, read_stall=MINUTE, retry_budget=MINUTE, clock=FakeClock()
        )
        assert source.identity().size == len(CONTENT)
        assert b"".join(source.read()) == CONTENT
        source.close()
    assert_threads_end()


def test_a_bucket_is_named_without_asking_it() -> None:
    source = open_source(
        parse("s3://me:secret@bucket/db.tar"), connections=4, read_stall=MINUTE, retry_budget=MINUTE, clock=FakeClock()
    )
    assert source.name == "s3://bucket/db.tar"
    source.close()


def test_what_is_not_asked_for_is_not_imported() -> None:
    modules = "opening, http, file"
    program = f"from bootstrap_monitor.adapters.archive_source import {modules}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"httpx", "obstore"} & set(run.stdout.split())
