"""What can be set of the embedded cluster: how fast its own time goes, and where its state is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Delays:
    """Every delay of the cluster's own, shortened by one factor.

    What a manifest gives as a grace period, a time-out or a deadline is not the cluster's own, and stays.
    """

    factor: float = 0.1

    def seconds(self, real_seconds: float) -> float:
        """As long as ``real_seconds`` of a real cluster."""
        return real_seconds * self.factor
