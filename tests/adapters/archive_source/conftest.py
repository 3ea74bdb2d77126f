from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.archive_source.opened import CONTENT
from tests.support.archive_server import ArchiveServer
from tests.support.http_server import CERTIFICATE


@pytest.fixture(autouse=True)
def one_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted alone: reading all those of the machine takes longer than most tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(CONTENT) as running:
        yield running
