"""The data volume, in memory: it outlives pods. What is on it is known by the test whose node wrote it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bootstrap_monitor.core import names
from bootstrap_monitor.effects import Moment

ENTRIES = ("chainData", "db", "process.json")
"""What a node makes of an empty place."""
EFFECTS = frozenset(
    {
        "volume.write temporary details",
        "volume.rename details",
        "volume.remove details",
        "volume.set aside details",
        "volume.remove entry",
    }
)


class Volume:
    """``data`` names the test (its start) that each entry is of."""

    def __init__(self) -> None:
        self.details: bytes | None = None
        self.data: dict[str, str] = {}
        self.ran_seconds = 0.0
        """How long nodes have worked on this data."""


class Mount:
    """The volume as one process has it: details file and clearing. ``moment`` is told of each effect."""

    def __init__(
        self,
        volume: Volume,
        moment: Callable[[str, Moment], None],
        *,
        written: Callable[[bytes], None],
        clearing: Callable[[], None],
    ) -> None:
        self._volume = volume
        self._moment = moment
        self._written = written
        self._clearing = clearing

    def read(self) -> bytes | None:
        return self._volume.details

    def write(self, content: bytes) -> None:
        self._effect("volume.write temporary details", lambda: None)
        self._effect("volume.rename details", lambda: self._rename(content))

    def remove(self) -> None:
        self._effect("volume.remove details", self._remove)

    def set_aside(self) -> None:
        self._effect("volume.set aside details", self._remove)

    def clear(self, root: Path, relative: str, *, keep: frozenset[str], progress: Callable[[int], None]) -> None:
        """All that the node wrote is in the one place that is cleared."""
        if relative == names.SHELL_MARKER:
            return
        entries = sorted(self._volume.data)
        for entry in entries:
            self._effect("volume.remove entry", lambda entry=entry: self._remove_entry(entry))  # type: ignore[misc]
        self._volume.ran_seconds = 0.0
        progress(len(entries))

    def _rename(self, content: bytes) -> None:
        self._volume.details = content
        self._written(content)

    def _remove(self) -> None:
        self._volume.details = None

    def _remove_entry(self, entry: str) -> None:
        self._clearing()
        del self._volume.data[entry]

    def _effect(self, name: str, act: Callable[[], None]) -> None:
        self._moment(name, "before")
        act()
        self._moment(name, "after")
