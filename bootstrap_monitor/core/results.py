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

SCHEMA = 1
MAX_ENTRIES = 20


class Verdict(StrEnum):
    """How a test ended."""

    PASSED = "passed"


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
    reason: str
    message: str
    disk_bytes: int | None
    """Allocated bytes of the data volume at the verdict; ``None`` where they could not be counted."""
    pod: str

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
            "reason": self.reason,
            "message": self.message,
            "diskBytes": self.disk_bytes,
            "pod": self.pod,
            "nodeLog": "",
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


def with_result(entries: Sequence[JsonObject], result: Result) -> tuple[JsonObject, ...]:
    """The list with this result first; an earlier one of the same test is replaced."""
    new = result.entry()
    others = [e for e in entries if (e.get("fingerprint"), e.get("start")) != (new["fingerprint"], new["start"])]
    return (new, *others)[:MAX_ENTRIES]


def encode(entries: Sequence[JsonObject]) -> str:
    """The annotation's value."""
    return orjson.dumps(list(entries)).decode()
