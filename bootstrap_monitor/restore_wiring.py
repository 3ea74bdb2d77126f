"""Joins the adapters to a restore. Imported only where there is an archive: its libraries are heavy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bootstrap_monitor.adapters import progress_bar
from bootstrap_monitor.adapters.archive.database import Database
from bootstrap_monitor.adapters.archive_source.opening import open_source
from bootstrap_monitor.adapters.archive_source.staging import Staging
from bootstrap_monitor.adapters.volume import disk_usage
from bootstrap_monitor.adapters.volume.clear import clear
from bootstrap_monitor.adapters.volume.restore_marker import Folders, RestoreMarker
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.steps.restore_progress import ProgressLines
from bootstrap_monitor.steps.restoring import Restoring
from bootstrap_monitor.steps.starting import RemovalProgress


def request(source: SourceName, *, reserve: Reserve | None, **values: Any) -> Request:
    """Of the options' values, by the names of :class:`Request`'s fields."""
    return Request(source, reserve=reserve or Reserve(), **values)


def restoring(request: Request, data_dir: Path, clock: Clock) -> Callable[[Path], Restoring]:
    """Makes the restore into a folder of the volume that is mounted at ``data_dir``."""

    def into(folder: Path) -> Restoring:
        def remove() -> None:
            progress = RemovalProgress(str(folder / "db"), clock)
            clear(folder, "db", keep=names.OWN_FILES, progress=progress)

        return Restoring(
            request=request,
            store=RestoreMarker(data_dir),
            open_source=opened,
            folders=Folders(),
            database=Database(folder, request, lambda: disk_usage.free(_existing(folder)), remove),
            staging=staging,
            show=progress_bar.show if sys.stderr.isatty() else ProgressLines(clock).show,
            clock=clock,
        )

    def opened(name: SourceName) -> Source:
        return open_source(
            name,
            connections=request.connections,
            read_stall=request.read_stall,
            retry_budget=request.retry_budget,
            clock=clock,
        )

    staging = None
    if request.staging_dir:
        staging = Staging(Path(request.staging_dir), lambda path: opened(source_name.parse(str(path))))
    return into


def _existing(folder: Path) -> Path:
    """It, or the folder in which it is to be made."""
    return next(one for one in (folder, *folder.parents) if one.is_dir())
