"""What people read names what the program says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap_monitor.core.event import EventReason
from bootstrap_monitor.core.verdict.reason import Reason

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.BOOTSTRAPPED])
@pytest.mark.parametrize("page", ["README.md", "docs/verdicts.md"])
def test_each_reason_of_a_failure_is_explained(page: str, reason: Reason) -> None:
    assert f"| `{reason}` |" in (ROOT / page).read_text()


@pytest.mark.parametrize("reason", EventReason)
def test_each_event_is_named(reason: EventReason) -> None:
    assert f"`{reason}`" in (ROOT / "docs/verdicts.md").read_text()
