from __future__ import annotations

import pytest

from tests.local.controllers.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
