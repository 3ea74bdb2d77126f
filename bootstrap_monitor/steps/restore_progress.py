"""Telling how far a restore is: a line in the log now and then."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.restore_parts import Amounts, Progress
from bootstrap_monitor.timings import PROGRESS_SECONDS

log = logging.getLogger(__name__)

_STEP_PERCENT = 5
_LEAST_SECONDS = 1.0
"""Between two lines: a small archive is through in less."""


class ProgressLines:
    """A line at every 5 %, or after 30 s without one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @contextmanager
    def show(self, what: str, total_bytes: int | None) -> Iterator[Progress]:
        """Of one piece of work; ``total_bytes`` are those of the archive."""
        yield _Lines(what, total_bytes, self._clock)


class _Lines:
    def __init__(self, what: str, total_bytes: int | None, clock: Clock) -> None:
        self._what = what
        self._total_bytes = total_bytes
        self._clock = clock
        self._started = self._told = clock.monotonic()
        self._first: int | None = None
        self._step = 0

    def __call__(self, amounts: Amounts) -> None:
        done, now = amounts.archive_bytes or amounts.bytes_written, self._clock.monotonic()
        if self._first is None:
            self._first = done  # what an earlier process did is no part of the rate
        percent = 100 * done // self._total_bytes if self._total_bytes else None
        step = (percent or 0) // _STEP_PERCENT
        if now < self._told + (PROGRESS_SECONDS if step == self._step else _LEAST_SECONDS):
            return
        self._step, self._told = step, now
        rate = (done - self._first) / (now - self._started) if now > self._started else 0.0
        log.info(
            self._what,
            extra=fields(
                read=human_size(done),
                **({} if percent is None else {"of": human_size(self._total_bytes or 0), "percent": percent}),
                written=human_size(amounts.bytes_written),
                files=amounts.files,
                perSecond=human_size(int(rate)),
                **self._left(done, rate),
            ),
        )

    def _left(self, done: int, rate: float) -> dict[str, timedelta]:
        if not self._total_bytes or rate <= 0:
            return {}
        return {"eta": timedelta(seconds=round((self._total_bytes - done) / rate))}
