"""Time, as a parameter: the program reads it here, tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the program needs of time."""

    def now(self) -> datetime:
        """Wall-clock time in UTC; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. SIGTERM ends the wait at once, by the exception its handler raises."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Wall-clock time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds, at least 0."""
        time.sleep(max(0.0, seconds))
