"""Waits that double from one failure to the next, as the kubelet's do."""

from __future__ import annotations

from e2e.clusters.local.settings import Delays

FIRST_SECONDS = 10
LAST_SECONDS = 300


class BackOff:
    """10 seconds to 5 minutes; from the start again after 10 minutes without a failure. Times are monotonic seconds."""

    def __init__(self, delays: Delays) -> None:
        self._delays = delays
        self._failed_at = 0.0
        self.real_seconds = 0
        """As long as a real cluster would wait; 0 before the first failure."""

    def failed(self, at: float) -> None:
        """The next wait is of twice the time."""
        forgotten = at - self._failed_at > self._delays.seconds(2 * LAST_SECONDS)
        first = forgotten or not self.real_seconds
        self.real_seconds = FIRST_SECONDS if first else min(2 * self.real_seconds, LAST_SECONDS)
        self._failed_at = at

    def left(self, since: float, now: float) -> float:
        """Seconds to wait after what happened at ``since``; 0 or less for no more."""
        return since + self._delays.seconds(self.real_seconds) - now

    @property
    def told(self) -> str:
        """As messages have it: 10s, 1m20s."""
        minutes, seconds = divmod(self.real_seconds, 60)
        return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
