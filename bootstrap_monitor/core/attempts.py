"""How often the program has pinned the template or deleted its own pod lately: what ends a tug-of-war.

They are kept in an annotation of the StatefulSet's metadata, as a JSON list of ``{"time": RFC 3339, "kind": …}``,
so that they outlive pods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson


class AttemptKind(StrEnum):
    """What was attempted."""

    PIN = "pin"
    SELF_DELETION = "self-deletion"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One entry of the annotation."""

    time: datetime
    kind: AttemptKind


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """At most ``count`` attempts of a kind in each ``window``."""

    count: int
    window: timedelta

    def reached(self, attempts: Sequence[Attempt], kind: AttemptKind, now: datetime) -> bool:
        """Whether one more would be too many. An attempt of the near future counts: clocks jump."""
        return sum(a.kind == kind and abs(now - a.time) <= self.window for a in attempts) >= self.count

    def record(self, attempts: Sequence[Attempt], kind: AttemptKind, now: datetime) -> str:
        """The annotation's next value: those that still count, and a new one; the very same is recorded once."""
        new = Attempt(now, kind)
        entries = [*(a for a in attempts if abs(now - a.time) <= self.window and a != new), new]
        return orjson.dumps([{"time": a.time.isoformat(), "kind": str(a.kind)} for a in entries]).decode()


def parse(annotation: str | None) -> tuple[Attempt, ...]:
    """The annotation's entries; what is not an entry is left out: nobody's edit of it may stop a test."""
    try:
        entries = orjson.loads(annotation or "[]")
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(entries, list):
        return ()
    return tuple(attempt for attempt in map(_attempt, entries) if attempt)


def _attempt(entry: Any) -> Attempt | None:
    try:
        time = datetime.fromisoformat(entry["time"])
        return Attempt(time, AttemptKind(entry["kind"])) if time.tzinfo else None
    except (KeyError, TypeError, ValueError):
        return None
