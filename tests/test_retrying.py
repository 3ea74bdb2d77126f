from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    NotFound,
    Terminated,
    TransientError,
)
from bootstrap_monitor.retrying import retry_transient
from bootstrap_monitor.timings import RETRY_ATTEMPTS, RETRY_BUDGET_SECONDS, RETRY_WAIT_CAP_SECONDS
from tests.support.clock import FakeClock


class Operation:
    """Raises the given errors in turn, then answers ``done``."""

    def __init__(self, *errors: BaseException, takes: Callable[[], None] = lambda: None) -> None:
        self.calls = 0
        self._errors = errors
        self._takes = takes

    def __call__(self) -> str:
        self.calls += 1
        self._takes()
        if self.calls <= len(self._errors):
            raise self._errors[self.calls - 1]
        return "done"


def api_error(status: int, retry_after: float | None = None) -> ApiError:
    return ApiError(f"HTTP {status}", status=status, retry_after_seconds=retry_after)


def test_a_success_needs_one_try_and_no_wait(caplog: pytest.LogCaptureFixture) -> None:
    clock, operation = FakeClock(), Operation()

    assert retry_transient(operation, clock=clock, what="it") == "done"

    assert (operation.calls, clock.sleeps, caplog.records) == (1, [], [])


@pytest.mark.parametrize("status", [0, 401, 408, 429, 500, 502, 503, 504])
def test_transient_api_errors_are_retried(status: int) -> None:
    operation = Operation(api_error(status), api_error(status))

    assert retry_transient(operation, clock=FakeClock(), what="it") == "done"
    assert operation.calls == 3


def test_other_transient_errors_are_retried() -> None:
    operation = Operation(TransientError("away"))

    assert retry_transient(operation, clock=FakeClock(), what="it") == "done"


@pytest.mark.parametrize(
    "error",
    [
        api_error(400),
        api_error(410),
        NotFound("no such pod", status=404),
        Conflict("other uid", status=409),
        AlreadyExists("taken", status=409),
        ConfigurationError("wrong"),
        DeadlineExceeded("the budget is used up"),
        ValueError("a bug"),
        Terminated(),
    ],
    ids=repr,
)
def test_everything_else_is_raised_at_once(error: BaseException) -> None:
    clock, operation = FakeClock(), Operation(error)

    with pytest.raises(type(error)) as caught:
        retry_transient(operation, clock=clock, what="it")

    assert caught.value is error
    assert (operation.calls, clock.sleeps) == (1, [])


def test_the_last_error_is_raised_after_all_attempts() -> None:
    errors = [api_error(503) for _ in range(RETRY_ATTEMPTS)]
    operation = Operation(*errors)

    with pytest.raises(ApiError) as caught:
        retry_transient(operation, clock=FakeClock(), what="it")

    assert caught.value is errors[-1]
    assert operation.calls == RETRY_ATTEMPTS


def test_waits_grow_and_are_jittered() -> None:
    runs = []
    for _ in range(30):
        clock = FakeClock()
        with pytest.raises(ApiError):
            retry_transient(Operation(*[api_error(500)] * 9), clock=clock, what="it", attempts=9, budget_seconds=1000)
        runs.append(clock.sleeps)

    assert len({tuple(sleeps) for sleeps in runs}) == 30
    for turn, ceiling in enumerate([0.5, 1, 2, 4, 8, 8, 8, 8]):
        assert ceiling <= RETRY_WAIT_CAP_SECONDS
        assert all(0.2 <= sleeps[turn] <= ceiling for sleeps in runs)
        assert max(sleeps[turn] for sleeps in runs) > ceiling / 2


def test_no_try_starts_after_the_budget() -> None:
    clock = FakeClock()
    operation = Operation(*[api_error(503)] * 99, takes=lambda: clock.advance(20))
    start = clock.monotonic()

    with pytest.raises(ApiError):
        retry_transient(operation, clock=clock, what="it", attempts=99)

    assert operation.calls == 3
    assert clock.monotonic() - 20 - start <= RETRY_BUDGET_SECONDS


def test_retry_after_is_a_minimum() -> None:
    clock = FakeClock()

    assert retry_transient(Operation(api_error(429, 7.0)), clock=clock, what="it") == "done"

    assert len(clock.sleeps) == 1
    assert 7.2 <= clock.sleeps[0] <= 7.5


def test_a_retry_after_beyond_the_budget_ends_it_without_a_wait() -> None:
    clock, operation = FakeClock(), Operation(api_error(429, 3600.0))

    with pytest.raises(ApiError):
        retry_transient(operation, clock=clock, what="it")

    assert (operation.calls, clock.sleeps) == (1, [])


def test_each_failed_attempt_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ApiError):
        retry_transient(Operation(*[api_error(503)] * 3), clock=FakeClock(), what="get pod", attempts=3)

    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    messages = [record.getMessage() for record in caplog.records]
    for number, (message, then) in enumerate(
        zip(messages, ["next try in", "next try in", "giving up"], strict=True), 1
    ):
        assert message.startswith(f"get pod: attempt #{number}/3 failed, {then}")
        assert message.endswith("HTTP 503")


@given(st.lists(st.sampled_from([0, 200, 404, 503, 429]), min_size=1, max_size=9), st.integers(1, 9))
def test_tries_end_at_the_first_success_or_permanent_error(statuses: list[int], attempts: int) -> None:
    answers = iter(statuses)
    seen = []

    def operation() -> int:
        seen.append(next(answers, 200))
        if seen[-1] != 200:
            raise api_error(seen[-1])
        return 200

    if all(status in {0, 503, 429} for status in statuses[:attempts]) and len(statuses) >= attempts:
        expected, calls = statuses[attempts - 1], attempts
    else:
        calls = next(n for n, status in enumerate([*statuses, 200], 1) if status in {200, 404})
        expected = [*statuses, 200][calls - 1]

    with nullcontext() if expected == 200 else pytest.raises(ApiError, match=f"HTTP {expected}"):
        assert retry_transient(operation, clock=FakeClock(), what="it", attempts=attempts) == 200
    assert len(seen) == calls
