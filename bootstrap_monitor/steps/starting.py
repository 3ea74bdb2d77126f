"""Making the volume that of a new test: cleared, filled from an archive if there is one, then named by the details.

A SIGKILL at any point is met by the next run: details are removed before data is, and written after. So is the marker
of a restore, which is there as long as the details are not.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names
from bootstrap_monitor.core.details import Details
from bootstrap_monitor.core.init_acts import StartTest
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.marker import Marker
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.timings import PROGRESS_SECONDS

log = logging.getLogger(__name__)


class DetailsStore(Protocol):
    """The details file. Every method may raise :class:`OSError`."""

    def read(self) -> bytes | None: ...
    def write(self, content: bytes) -> None: ...
    def remove(self) -> None: ...
    def set_aside(self) -> None: ...


class MarkerStore(Protocol):
    """The file that tells of a restore. Every method may raise :class:`OSError`."""

    def read(self) -> bytes | None: ...
    def remove(self) -> None: ...


class Clear(Protocol):
    """Remove ``root/relative``, or the children of ``root`` but ``keep``; ``progress`` is told the entries so far."""

    def __call__(self, root: Path, relative: str, *, keep: frozenset[str], progress: Callable[[int], None]) -> None: ...


class Restoring(Protocol):
    """The restore of an archive, see :mod:`bootstrap_monitor.steps.restoring`."""

    def run(self, test: str, config: TestConfig | None) -> Marker: ...


@dataclass(frozen=True, slots=True)
class Volume:
    """The data volume. ``restoring`` makes the restore into the folder in which ``db/`` lands; None: there is none."""

    data_dir: str
    details: DetailsStore
    marker: MarkerStore
    clear: Clear
    clock: Clock
    restoring: Callable[[Path], Restoring] | None = None
    staging_dir: str | None = None
    """Where an archive is downloaded to first; ours, wherever it is."""

    def start(self, start: StartTest, config: TestConfig) -> Details:
        """Make it that of a new test; returns the details as they were written.

        :raises MonitorError: the volume cannot be written, or the archive not be restored.
        """
        restoring = self.restoring and self.restoring(_folder_of(start.places.database))
        details = start.details
        try:
            if not start.going_on:
                self._clear(start)
            if restoring:
                restored = restoring.run(start.test, config)
                started = self.clock.now().isoformat()
                details = replace(details, start_time=started, initial_db=_archive(restored))
            self.details.write(details.encode())
            self.marker.remove()
        except OSError as error:
            raise TransientError(
                f"the data volume cannot be written: {error}",
                reason="DataVolumeError",
                check="the volume's health, its free space, and whether it is mounted read-only here",
            ) from error
        return details

    def resume(self, filled: Details | None) -> None:
        """Complete the details by ``filled``, and remove a marker that a SIGKILL left. It goes on without both."""
        try:
            if filled:
                self.details.write(filled.encode())
            self.marker.remove()
        except OSError as error:
            log.warning("The details could not be completed", extra=fields(error=str(error)))

    def _clear(self, start: StartTest) -> None:
        self.marker.remove()  # before the details: with neither, the data is nobody's
        if start.set_aside:
            self.details.set_aside()
        else:
            self.details.remove()
        for place in start.places.places:
            self._clear_place(place, start.places.mount_path)
        self._remove(self.data_dir, names.SHELL_MARKER, names.OWN_FILES)

    def _clear_place(self, place: str, root: str) -> None:
        ours = [_first_part(folder, place) for folder in (self.data_dir, self.staging_dir) if folder]
        log.info("Removing the node's data", extra=fields(path=place))
        if ours[0] is not None:
            # What is ours on the volume's root stays; so does a folder of ours, where it lies deeper.
            self._remove(place, "", names.OWN_FILES | {part for part in ours if part})
        else:
            self._remove(root, posixpath.relpath(place, root), names.OWN_FILES)

    def _remove(self, root: str, relative: str, keep: frozenset[str]) -> None:
        self.clear(
            Path(root), relative, keep=keep, progress=RemovalProgress(posixpath.join(root, relative), self.clock)
        )


class RemovalProgress:
    """A line now and then while a volume of terabytes is cleared."""

    def __init__(self, place: str, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._next = clock.monotonic() + PROGRESS_SECONDS

    def __call__(self, entries: int) -> None:
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + PROGRESS_SECONDS
            log.info("Removing the node's data", extra=fields(path=self._place, entries=entries))


def _first_part(folder: str, place: str) -> str | None:
    """The name in ``place`` behind which ``folder`` lies; empty: it is ``place`` itself, ``None``: it lies outside."""
    relative = posixpath.relpath(folder, place)
    if relative == ".":
        return ""
    return None if relative.split("/")[0] == ".." else relative.split("/")[0]


def _folder_of(database: str) -> Path:
    """Where an archive is unpacked, so that its ``db/`` becomes the node's."""
    if posixpath.basename(database) != "db":
        raise ConfigurationError(
            f"the node's database is {database!r}: an archive's lands in a folder named `db`",
            reason="DatabaseNotNamedDb",
            check="AVAGO_DB_DIR and --db-dir of the node's container",
            do="Let the node's database folder be named `db`, as it is by default.",
        )
    return Path(database).parent


def _archive(restored: Marker) -> JsonObject:
    """What the details tell of it."""
    known = {"source": restored.source, **restored.identity.json(), "sha256": restored.sha256}
    return {name: value for name, value in known.items() if value is not None}
