"""An API server without a cluster behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from e2e.clusters.local.api.http import Server
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Logs:
    """Each container has said its name, and says it again when followed."""

    def read(
        self,
        pod: Json,
        container: str,
        *,
        previous: bool,
        tail_lines: int | None,
        limit_bytes: int | None,
        timestamps: bool = False,
    ) -> bytes:
        options = (previous, tail_lines, limit_bytes, timestamps)
        return f"{pod['metadata']['name']}/{container} {options}\n".encode()

    def follow(self, pod: Json, container: str, *, tail_lines: int | None, timestamps: bool = False) -> Iterator[bytes]:
        yield f"{container} {tail_lines} {timestamps}\n".encode()
        yield b""
        yield b"the end\n"


@pytest.fixture
def api() -> Api:
    return Api(logs=Logs(), now=lambda: START)


@pytest.fixture
def server(api: Api) -> Iterator[Server]:
    server = Server(api)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30, verify=False, trust_env=False) as client:
        yield client
