from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clusters.local.registry.server import Registry


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Registry]:
    registry = Registry(tmp_path / "registry")
    registry.start()
    yield registry
    registry.stop()
