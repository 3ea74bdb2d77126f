"""Trying again within seconds. Who waits for minutes has a loop of its own."""
# ruff: noqa: PLC0415 - tenacity takes 40 ms to import

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.errors import ApiError, DeadlineExceeded, TransientError
from bootstrap_monitor.timings import (
    RETRY_ATTEMPTS,
    RETRY_BUDGET_SECONDS,
    RETRY_WAIT_CAP_SECONDS,
    RETRY_WAIT_FIRST_SECONDS,
    RETRY_WAIT_LEAST_SECONDS,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

log = logging.getLogger(__name__)


def is_transient(error: BaseException) -> bool:
    """Whether another try may succeed. A used-up budget is not: another try needs a new one."""
    if isinstance(error, ApiError):
        return error.transient
    return isinstance(error, TransientError) and not isinstance(error, DeadlineExceeded)


def retry_transient(
    operation: Callable[[], T],
    *,
    clock: Clock,
    what: str,
    attempts: int = RETRY_ATTEMPTS,
    budget_seconds: float = RETRY_BUDGET_SECONDS,
    again: Callable[[BaseException], bool] = is_transient,
    level: int = logging.WARNING,
) -> T:
    """The operation's result, after up to ``attempts`` tries that start within ``budget_seconds``.

    ``again`` tells which errors are worth another try; each failed one is logged at ``level``.

    Waits grow exponentially, with jitter, and are never shorter than the error's ``retry_after_seconds``:
    when that does not fit into the budget, there is no further try. Raises the last error as it is.
    """
    import tenacity

    give_up_at = clock.monotonic() + budget_seconds
    jittered = tenacity.wait_random_exponential(
        multiplier=RETRY_WAIT_FIRST_SECONDS, min=RETRY_WAIT_LEAST_SECONDS, max=RETRY_WAIT_CAP_SECONDS
    )

    def wait(state: RetryCallState) -> float:
        return jittered(state) + (getattr(_error(state), "retry_after_seconds", None) or 0.0)

    def stop(state: RetryCallState) -> bool:
        last = state.attempt_number >= attempts or clock.monotonic() + state.upcoming_sleep > give_up_at
        then = "giving up" if last else f"next try in {state.upcoming_sleep:.1f} s"
        error = str(_error(state)).removeprefix(f"{what}: ")
        log.log(level, "%s: attempt #%d/%d failed, %s: %s", what, state.attempt_number, attempts, then, error)
        return last

    return tenacity.Retrying(
        sleep=clock.sleep, retry=tenacity.retry_if_exception(again), wait=wait, stop=stop, reraise=True
    )(operation)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
