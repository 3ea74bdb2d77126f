from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.adapters.archive_source.opened import CONTENT
from tests.adapters.archive_source.stores import CREDENTIALS, Serve
from tests.support.archive_server import ArchiveServer
from tests.support.http_server import ScriptedServer, Step


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(CONTENT) as running:
        yield running


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """With credentials, and with nothing else that stores or connections heed."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "AZURE_", "GOOGLE_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def serve(environment: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server that is the endpoint of S3."""
    with ExitStack() as stack:

        def start(*steps: Step) -> ScriptedServer:
            server = stack.enter_context(ScriptedServer(*steps))
            environment.setenv("AWS_ENDPOINT_URL", server.url)
            return server

        yield start
