"""One S3 server for all tests of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from e2e.object_store.s3_server import S3Server


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def server(running_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Running; this process has what its clients need, and nothing else that they heed."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name, value in running_server.environment().items():
        monkeypatch.setenv(name, value)
    running_server.start()  # a test may have killed it
    return running_server
