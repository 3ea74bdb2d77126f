"""Test results: a JSON list in an annotation of the StatefulSet's metadata, newest first.

There they outlive pods and volumes, and need no permission that patching the template does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.verdict.reason import Reason

SCHEMA = 1
MAX_ENTRIES = 20
MAX_BYTES = 64 * 1024
"""Of all entries; the API server allows 256 KiB for all annotations of an object."""
MAX_NODE_LOG_BYTES = 4 * 1024


class Verdict(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """One test's outcome. A test is named by ``fingerprint`` (a hash, without the retest nonce) and ``start``."""

    fingerprint: str
    retest: str
    image: str
    versions: dict[str, Any] | None
    network: str
    sync_mode: str
    start: str
    end: datetime
    verdict: Verdict
    reason: Reason
    message: str
    disk_bytes: int | None
    """Allocated bytes of the data volume at the verdict; ``None`` where they could not be counted."""
    pod: str
    node_log: str = ""
    """What the node logged last before a failure; its end is stored."""
    initial_db_archive: str = ""
    """What the test started from; empty for a bootstrap from nothing."""

    def entry(self) -> JsonObject:
        """As stored."""
        duration = self.end - datetime.fromisoformat(self.start)
        return {
            "schema": SCHEMA,
            "fingerprint": self.fingerprint,
            "retest": self.retest,
            "image": self.image,
            "versions": self.versions,
            "network": self.network,
            "syncMode": self.sync_mode,
            "start": self.start,
            "end": self.end.isoformat(),
            "durationSeconds": round(max(0.0, duration.total_seconds()), 3),
            "verdict": str(self.verdict),
            "reason": str(self.reason),
            "message": self.message,
            "diskBytes": self.disk_bytes,
            "pod": self.pod,
            "nodeLog": log_tail(self.node_log),
            **({"initialDbArchive": self.initial_db_archive} if self.initial_db_archive else {}),
        }


def parse(annotation: str | None) -> tuple[JsonObject, ...]:
    """The stored entries, newest first. What is no entry is left out: it names no test."""
    try:
        entries = orjson.loads(annotation or "[]")
    except orjson.JSONDecodeError:
        return ()
    return tuple(entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def of_test(entries: Sequence[JsonObject], *, fingerprint: str, start: str) -> JsonObject | None:
    """The result of this very test."""
    return next((e for e in entries if e.get("fingerprint") == fingerprint and e.get("start") == start), None)


def of_start(entries: Sequence[JsonObject], *, image_digest: str, start: str) -> JsonObject | None:
    """The result of a test of which only the image and the start are known, as upstream's program records it."""
    return next((e for e in entries if e.get("start") == start and str(e.get("image")).endswith(image_digest)), None)


def of_image(entries: Sequence[JsonObject], *, fingerprint: str) -> JsonObject | None:
    """The newest result of the same image in the same configuration: "one test per image"."""
    return next((entry for entry in entries if entry.get("fingerprint") == fingerprint), None)


def log_tail(text: str) -> str:
    """Its last whole lines, or the end of a line that is longer, in at most 4 KiB of UTF-8."""
    encoded = text.encode()
    if len(encoded) <= MAX_NODE_LOG_BYTES:
        return text
    tail = encoded[-MAX_NODE_LOG_BYTES:].decode(errors="ignore")
    return tail.partition("\n")[2] or tail


def with_result(entries: Sequence[JsonObject], result: Result) -> tuple[JsonObject, ...]:
    """The list with this result first; an earlier one of the same test is replaced.

    But a pass stays: the failure after it is seen by a sidecar that does not know of it, of a pod that was cut off.
    """
    new = result.entry()
    known = of_test(entries, fingerprint=new["fingerprint"], start=new["start"])
    if known and known.get("verdict") == Verdict.PASSED and result.verdict is Verdict.FAILED:
        return tuple(entries)
    others = [e for e in entries if (e.get("fingerprint"), e.get("start")) != (new["fingerprint"], new["start"])]
    return _fitting((new, *others)[:MAX_ENTRIES])


def encode(entries: Sequence[JsonObject]) -> str:
    """The annotation's value."""
    return orjson.dumps(list(entries)).decode()


def _fitting(entries: tuple[JsonObject, ...]) -> tuple[JsonObject, ...]:
    """In 64 KiB: the oldest log tails go first, entries last; the newest entry stays."""
    for index in reversed(range(len(entries))):
        if _size(entries) <= MAX_BYTES:
            return entries
        if entries[index].get("nodeLog"):
            entries = (*entries[:index], {**entries[index], "nodeLog": ""}, *entries[index + 1 :])
    while len(entries) > 1 and _size(entries) > MAX_BYTES:
        entries = entries[:-1]
    return entries


def _size(entries: Sequence[JsonObject]) -> int:
    return len(encode(entries).encode())
