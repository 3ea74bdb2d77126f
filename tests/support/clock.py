"""A clock that passes time only when somebody sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock:
    """``sleep`` returns at once, moves both times forward, and is recorded in ``sleeps``."""

    def __init__(self, start: datetime = START) -> None:
        self.sleeps: list[float] = []
        self._now = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def jump(self, by: timedelta) -> None:
        """Set the wall clock, as NTP or a person does."""
        self._now += by
