"""All objects in memory under one lock, and the last changes of them for those who watch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from e2e.clusters.local.api.objects import Json, copied

WINDOW = 5000

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Change:
    """One write. ``before`` is missing for ADDED; for DELETED both are the last state, ``after`` with a new version."""

    version: int
    type: str
    before: Json | None
    after: Json


class Store:
    """Objects by kind, namespace and name. What is in it is never changed in place, only exchanged.

    Whoever reads and then writes holds :attr:`changed` meanwhile; it is notified at each change.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self._objects: dict[Key, Json] = {}
        self._changes: deque[Change] = deque(maxlen=window)

    def get(self, kind: str, namespace: str, name: str) -> Json | None:
        with self.changed:
            return self._objects.get((kind, namespace, name))

    def all(self, kind: str, namespace: str) -> list[Json]:
        """Sorted by namespace and name; of all namespaces when ``namespace`` is empty."""
        with self.changed:
            keys = sorted(key for key in self._objects if key[0] == kind and namespace in ("", key[1]))
            return [self._objects[key] for key in keys]

    def put(self, body: Json) -> Json:
        """Takes the object over, with a new resourceVersion."""
        with self.changed:
            key = _key(body)
            before = self._objects.get(key)
            self._change("MODIFIED" if before else "ADDED", before, body)
            self._objects[key] = body
            return body

    def remove(self, body: Json) -> Json:
        """The last state, as watchers see it."""
        with self.changed:
            before = self._objects.pop(_key(body))
            last = copied(body)
            self._change("DELETED", before, last)
            return last

    def changes(self, kind: str, namespace: str, after: int) -> Iterator[Change] | None:
        """Those after that version; ``None`` when some may be forgotten."""
        with self.changed:
            oldest = self._changes[0].version if self._changes else self.version + 1
            if after < oldest - 1:
                return None
            found = []
            for change in reversed(self._changes):
                if change.version <= after:
                    break
                if change.after["kind"] == kind and namespace in ("", change.after["metadata"].get("namespace", "")):
                    found.append(change)
            return reversed(found)

    def wait(self, after: int, timeout_seconds: float) -> int:
        """The version, once it is above ``after``, or at the time-out, or when woken."""
        with self.changed:
            if self.version <= after:
                self.changed.wait(timeout_seconds)
            return self.version

    def wake(self) -> None:
        """Who waits looks again, though nothing has changed."""
        with self.changed:
            self.changed.notify_all()

    def _change(self, type_: str, before: Json | None, after: Json) -> None:
        self.version += 1
        after["metadata"]["resourceVersion"] = str(self.version)
        self._changes.append(Change(self.version, type_, before, after))
        self.changed.notify_all()


def _key(body: Json) -> Key:
    return body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]
