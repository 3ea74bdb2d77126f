from __future__ import annotations

import pytest

from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason, refusal
from bootstrap_monitor.errors import ExitCode

STATUSES: list[tuple[int, Reason, bool]] = [
    (204, Reason.MALFORMED_ANSWER, False),
    (301, Reason.MALFORMED_ANSWER, False),
    (400, Reason.MALFORMED_ANSWER, False),
    (401, Reason.DENIED, False),
    (403, Reason.DENIED, False),
    (404, Reason.TAG_NOT_FOUND, False),
    (418, Reason.MALFORMED_ANSWER, False),
    (429, Reason.THROTTLED, True),
    (500, Reason.SERVER_ERROR, True),
    (502, Reason.SERVER_ERROR, True),
    (503, Reason.SERVER_ERROR, True),
    (504, Reason.SERVER_ERROR, True),
    (599, Reason.SERVER_ERROR, True),
    (999, Reason.MALFORMED_ANSWER, False),
]


@pytest.mark.parametrize(("status", "reason", "passing"), STATUSES)
def test_what_a_status_means(status: int, reason: Reason, passing: bool) -> None:
    error = refusal("the registry `docker.io`", status, retry_after_seconds=7)
    assert (error.reason, error.passing, error.retry_after_seconds) == (reason, passing, 7)
    assert error.what == f"the registry `docker.io` answered HTTP {status}"
    assert error.exit_code is ExitCode.TRY_AGAIN


@pytest.mark.parametrize("reason", Reason)
def test_each_kind_of_trouble_says_what_to_check(reason: Reason) -> None:
    error = CannotTell("it did not", reason=reason)
    assert error.diagnostics().startswith(f"{reason}: it did not\nCheck: ")
    assert error.do
