"""Every format from every kind of source, a large tree. From an S3-compatible server: e2e/object_store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap_monitor.core.archive.format import Format
from tests.support import large_tree
from tests.support.archive_server import ArchiveServer, status

pytestmark = pytest.mark.slow

FORMATS = pytest.mark.parametrize("format_", Format)


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    with large_tree.folder_in_memory(otherwise=tmp_path) as folder:
        yield folder


@FORMATS
def test_from_a_file(format_: Format, volume: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.write_bytes(large_tree.archive(format_))
    large_tree.assert_restored(str(archive), format_, volume)


@FORMATS
def test_over_http(format_: Format, volume: Path) -> None:
    with ArchiveServer(large_tree.archive(format_)) as server:
        server.decide = lambda request: status(404) if request.path.endswith(".json") else None
        large_tree.assert_restored(server.url, format_, volume)
