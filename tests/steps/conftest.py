from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def log_of_the_program(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bootstrap_monitor")
