"""Keeping the reserve: free room that must stay."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bootstrap_monitor.core.archive.refused import too_large
from bootstrap_monitor.core.human_size import human_size

_CHECK_BYTES = 64 * 1024 * 1024
ENTRY_BYTES = 4096
"""What a file or folder takes besides its data, about."""


class Room:
    """Asks ``room`` (free bytes) before the first byte and every 64 MiB, and never lets it fall under the reserve;
    from any thread."""

    def __init__(self, room: Callable[[], int], reserve_bytes: int) -> None:
        self._room = room
        self.reserve_bytes = reserve_bytes
        self._allowed_bytes = 0
        self._lock = threading.Lock()

    def take(self, size: int, needed: int) -> None:
        """``size`` bytes are about to be written, of ``needed`` that are known to come.

        :raises Refused: they do not fit.
        """
        with self._lock:
            if size > self._allowed_bytes:
                free = self._room() - self.reserve_bytes
                if size > free:
                    raise too_large(f"at least {human_size(max(needed, size) - free)} more", self.reserve_bytes)
                self._allowed_bytes = min(free, max(size, _CHECK_BYTES))
            self._allowed_bytes -= size
