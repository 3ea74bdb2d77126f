"""Which kind of source a name asks for."""
# ruff: noqa: PLC0415 - each kind has a library of its own, of which one is needed

from __future__ import annotations

from datetime import timedelta

from bootstrap_monitor.adapters.archive_source.ranged_source import RangedSource
from bootstrap_monitor.adapters.archive_source.ranges import Ranges
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.core.restore.source_name import SourceKind, SourceName


def open_source(
    name: SourceName, *, connections: int, read_stall: timedelta, retry_budget: timedelta, clock: Clock
) -> Source:
    """The source that ``name`` names; nothing is asked yet.

    A connection that gives no byte for ``read_stall`` is given up for another; after ``retry_budget`` without any byte
    the source is. Up to ``connections`` are used at once.

    :raises ConfigurationError: what the environment sets for connections is not usable.
    """
    if name.kind is SourceKind.FILE:
        connections = 1
    ranges = _ranges(name, read_stall, clock)
    return RangedSource(ranges, connections=connections, retry_budget=retry_budget, clock=clock)


def _ranges(name: SourceName, read_stall: timedelta, clock: Clock) -> Ranges:
    match name.kind:
        case SourceKind.HTTP:
            from bootstrap_monitor.adapters.archive_source.http import HttpRanges

            return HttpRanges(name, read_stall, clock.now)
        case SourceKind.OBJECT_STORE:
            from bootstrap_monitor.adapters.archive_source.object_store import ObjectStoreRanges

            return ObjectStoreRanges(name, read_stall)
        case SourceKind.FILE:
            from bootstrap_monitor.adapters.archive_source.file import FileRanges

            return FileRanges(name)
