"""Every format, a large tree, by the program. From files and over HTTP: tests/cli/test_restore_formats.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap_monitor.core.archive.format import Format
from e2e.object_store.s3_server import S3Server
from tests.support import large_tree


@pytest.mark.parametrize("format_", Format)
def test_from_an_object_store(format_: Format, server: S3Server, tmp_path: Path) -> None:
    source = server.put(f"db.tar.{format_}", large_tree.archive(format_))
    with large_tree.folder_in_memory(otherwise=tmp_path) as volume:
        large_tree.assert_restored(source, format_, volume)
