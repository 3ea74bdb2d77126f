"""How long a source is borne that gives nothing."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import timedelta

from bootstrap_monitor.adapters.archive_source.refused import UNREACHABLE
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.errors import TransientError
from bootstrap_monitor.timings import (
    ARCHIVE_RETRY_CAP_SECONDS,
    ARCHIVE_RETRY_FIRST_SECONDS,
    ARCHIVE_STOP_SECONDS,
)

log = logging.getLogger(__name__)

_MOST_DOUBLINGS = 16


class Patience:
    """Shared by all connections to one source: it ends after ``budget`` in which no byte came on any of them."""

    def __init__(self, who: str, budget: timedelta, clock: Clock) -> None:
        self._who = who
        self._budget = budget
        self._clock = clock
        self._lock = threading.Lock()
        self._last_byte = clock.monotonic()
        self._since: float | None = None

    def arrived(self) -> None:
        """Some bytes came."""
        self._last_byte = self._clock.monotonic()
        self._since = None

    def bear(self, error: TransientError, *, began: float, failures: int, stopped: Callable[[], bool]) -> None:
        """Wait until the next try, after a try that ``began`` (monotonic) failed, the ``failures``-th in a row.

        As long as the server asked for; else longer each time, with jitter. Ends early when ``stopped``.

        :raises TransientError: ``SourceUnreachable``: the budget would be used up by then.
        """
        now = self._clock.monotonic()
        with self._lock:
            if self._since is None:
                self._since = max(began, self._last_byte)
            lasting = now - self._since
        wait = max(_back_off(failures), getattr(error, "retry_after_seconds", None) or 0.0)
        if lasting + wait > self._budget.total_seconds():
            since = self._clock.now() - timedelta(seconds=lasting)
            raise TransientError(
                f"{self._who} gave nothing since {since:%Y-%m-%d %H:%M:%S} UTC; the last error: {error.what}",
                reason=UNREACHABLE,
                check="whether the server is up and can be reached from here, and what its log says",
                do="Nothing, if it comes back by itself: the next try goes on. Otherwise name another source.",
            ) from error
        log.warning("%s; next try in %.1f s", error.what, wait)
        give_up_waiting_at = now + wait
        while not stopped() and (left := give_up_waiting_at - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, ARCHIVE_STOP_SECONDS))


def _back_off(failures: int) -> float:
    longest = min(ARCHIVE_RETRY_FIRST_SECONDS * 2.0 ** min(failures - 1, _MOST_DOUBLINGS), ARCHIVE_RETRY_CAP_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
