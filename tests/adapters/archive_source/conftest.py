from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.archive_source.opened import CONTENT
from tests.support.archive_server import ArchiveServer


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer(CONTENT) as running:
        yield running
