from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e_support.kind.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
