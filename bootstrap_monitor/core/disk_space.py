"""How much room a filesystem has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DiskSpace:
    """In bytes. ``available_bytes`` is what is left for ordinary users, so less than what is free."""

    total_bytes: int
    available_bytes: int

    @property
    def used_bytes(self) -> int:
        """All that is not available."""
        return self.total_bytes - self.available_bytes

    @property
    def free_percent(self) -> float:
        """Available of the total; 100 where the filesystem tells no size."""
        return 100.0 * self.available_bytes / self.total_bytes if self.total_bytes else 100.0
