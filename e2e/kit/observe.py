"""Bounded waits on what the cluster says."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from e2e.kit.api import RefusedError

T = TypeVar("T")

POLL_SECONDS = 0.2
# Longer than anything takes on a machine that does ten things at once.
TIMEOUT_SECONDS = 180.0


class NotSeenError(AssertionError):
    """What a scenario waited for did not come."""


def wait_for(
    look: Callable[[], T | None],
    what: str,
    timeout: float = TIMEOUT_SECONDS,
    *,
    summary: Callable[[], str] = str,
    unless: Callable[[], str | None] = lambda: None,
) -> T:
    """The first true value of ``look``. ``unless`` ends the wait early: it tells why it cannot come any more.

    :raises NotSeenError: with ``summary``, the state as it was then.
    """
    deadline = time.monotonic() + timeout
    trouble = ""
    while True:
        try:
            if seen := look():
                return seen
            trouble = unless() or ""
        except (RefusedError, httpx.TransportError, OSError, KeyError) as error:
            # What is looked at may not be there yet, or be away for a moment.
            trouble, hopeless = f"the last look failed: {error!r}", False
        else:
            hopeless = bool(trouble)
        if hopeless or time.monotonic() >= deadline:
            how_long = "and it cannot come any more" if hopeless else f"in {timeout:.0f} s"
            raise NotSeenError("\n".join(filter(None, [f"not seen {how_long}: {what}", trouble, summary()])))
        time.sleep(POLL_SECONDS)
