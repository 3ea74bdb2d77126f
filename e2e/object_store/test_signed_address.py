"""An address that a store signed is an ordinary one over HTTP, for as long as the signature is valid."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from bootstrap_monitor.errors import ExitCode
from e2e.object_store.s3_server import S3Server
from tests.support import programs
from tests.support.archives import tree_tar
from tests.support.trees import read

TREE = {"db": {f"{number:06}.ldb": bytes([number]) * 1024 * 1024 for number in range(40)}}
EXPIRY_SECONDS = 30


def signature(address: str) -> str:
    return parse_qs(urlsplit(address).query)["X-Amz-Signature"][0]


def test_restored_without_a_trace_of_the_signature(server: S3Server, tmp_path: Path) -> None:
    server.put("db.tar", tree_tar(TREE))
    address = server.signed("db.tar", timedelta(minutes=10))
    done = programs.run("restore", address, "--data-dir", str(tmp_path), "--log-level", "debug")
    assert done.returncode == ExitCode.DONE, done.stderr
    same = read(tmp_path / "db") == TREE["db"]
    assert same
    marker = (tmp_path / ".bootstrap_restore.json").read_text()
    assert signature(address) not in done.stdout + done.stderr + marker


def test_expired(server: S3Server, tmp_path: Path) -> None:
    server.put("db.tar", tree_tar(TREE))
    address = server.signed("db.tar", timedelta(seconds=1))
    give_up_at = time.monotonic() + EXPIRY_SECONDS
    while httpx.get(address, trust_env=False).status_code == httpx.codes.OK:
        assert time.monotonic() < give_up_at, "the server does not let signatures expire"
        time.sleep(0.1)
    done = programs.run("restore", address, "--data-dir", str(tmp_path))
    assert done.returncode == ExitCode.CONFIGURATION
    assert "a signed address expires" in done.stderr
    assert signature(address) not in done.stdout + done.stderr
