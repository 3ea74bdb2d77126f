"""The events of a watch, from the store's changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from e2e.clusters.local.api.errors import bad_request, expired
from e2e.clusters.local.api.objects import Json, copied
from e2e.clusters.local.api.selectors import Matches
from e2e.clusters.local.api.store import Change, Store

# How often a watch that has nothing to tell looks whether its client is there yet.
LOOK_SECONDS = 5.0


def events(
    store: Store,
    kind: str,
    namespace: str,
    after: str,
    timeout_seconds: float,
    matches: Matches,
    stopped: Callable[[], bool],
) -> Iterator[Json]:
    """`{"type", "object"}`: first an ADDED for each object when ``after`` is empty or `0`, then changes."""
    if not after.isdecimal() and after:
        raise bad_request(f'resourceVersion: Invalid value: "{after}": strconv.ParseUint: invalid syntax')
    return _events(store, kind, namespace, int(after or 0), timeout_seconds, matches, stopped)


def _events(
    store: Store,
    kind: str,
    namespace: str,
    after: int,
    timeout_seconds: float,
    matches: Matches,
    stopped: Callable[[], bool],
) -> Iterator[Json]:
    ends = time.monotonic() + timeout_seconds
    if not after:
        with store.changed:
            after, there = store.version, store.all(kind, namespace)
        yield from (_event("ADDED", body) for body in there if matches(body))
    while not stopped() and (left := ends - time.monotonic()) > 0:
        with store.changed:
            if store.version <= after:
                store.changed.wait(min(left, LOOK_SECONDS))
            changes, version = store.changes(kind, namespace, after), store.version
        if changes is None:
            yield {"type": "ERROR", "object": expired(f"too old resource version: {after} ({version})").body()}
            return
        after = max(after, version)
        for change in changes:
            type_ = _type(change, matches)
            if type_:
                yield _event(type_, change.after)


def _type(change: Change, matches: Matches) -> str:
    """As one who sees only what matches: what begins to match is ADDED, what ends to is DELETED."""
    was = change.before is not None and matches(change.before)
    matching = change.type != "DELETED" and matches(change.after)
    if was and matching:
        return "MODIFIED"
    return "ADDED" if matching else "DELETED" if was else ""


def _event(type_: str, body: Json) -> Json:
    return {"type": type_, "object": copied(body)}
