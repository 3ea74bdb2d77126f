from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.support.manifests import PINNED, details
from tests.support.rig import Rig


@pytest.fixture(autouse=True)
def log_of_the_program(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bootstrap_monitor")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A test that goes on."""
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    return rig
