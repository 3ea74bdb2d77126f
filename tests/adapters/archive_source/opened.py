"""Sources of a scripted server, with small pieces, a short stall and a clock that does not wait."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bootstrap_monitor.adapters.archive_source.http import HttpRanges
from bootstrap_monitor.adapters.archive_source.ranged_source import RangedSource
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.restore.source_name import parse
from tests.support.archives import assert_threads_end
from tests.support.clock import FakeClock

PIECE_BYTES = 64 * 1024
CONTENT = random.Random(7).randbytes(10 * PIECE_BYTES + 123)
CONNECTIONS = (1, 3)
LONG = timedelta(minutes=1)
SHORT = timedelta(seconds=0.3)


@contextmanager
def opened(
    url: str,
    *,
    connections: int = 1,
    read_stall: timedelta = LONG,
    retry_budget: timedelta = timedelta(minutes=30),
    clock: Clock | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> Iterator[RangedSource]:
    """Closed in the end; then no thread of it may be left."""
    clock = clock or FakeClock()
    source = RangedSource(
        HttpRanges(parse(url), read_stall, clock.now),
        connections=connections,
        retry_budget=retry_budget,
        clock=clock,
        piece_bytes=piece_bytes,
    )
    try:
        yield source
    finally:
        source.close()
        assert_threads_end()
