"""``restore``: fill a volume from an archive, by itself: in a Job for instance, or by hand."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore import marker as markers
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.errors import ConfigurationError, TransientError
from bootstrap_monitor.log import fields
from bootstrap_monitor.steps.restoring import Restoring

log = logging.getLogger(__name__)


class MarkerStore(Protocol):
    """What the volume says of itself. Every method may raise :class:`OSError`."""

    def read(self) -> bytes | None: ...
    def is_by_shell(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Restore:
    """The command with what it works on. ``target`` is where ``db/`` lands."""

    request: Request
    target: str
    marker: MarkerStore
    has_database: Callable[[], bool]
    restoring: Restoring

    def run(self) -> None:
        """Returns when the volume holds the archive's database, restored now or before.

        :raises MonitorError: it cannot, with diagnostics; nothing that is not of a restore was removed.
        """
        try:
            initialized = self.marker.is_by_shell()
            foreign = markers.parse(self.marker.read()) is None and self.has_database()
        except OSError as error:
            raise TransientError(
                f"the volume cannot be read: {error}", reason="DataVolumeError", check="the volume's mount and health"
            ) from error
        if initialized:
            log.info("The volume is initialized already", extra=fields(file=names.SHELL_MARKER))
            return
        if foreign:
            raise ConfigurationError(
                f"{self.target}/db is there, and no restore has put it there",
                reason="TargetNotEmpty",
                check="whether that is the right volume, and whose database it is",
                do="Remove it, or restore into another volume.",
            )
        self.restoring.run(self._test())

    def _test(self) -> str:
        """Which database this is; the same with a hash to verify it by."""
        named = f"{self.request.source.shown} {self.request.strip} {self.target}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]
