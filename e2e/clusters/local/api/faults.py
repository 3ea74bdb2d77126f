"""Trouble on request: what the API server does wrong, for which requests, and how often."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

from e2e.clusters.local.api.errors import bad_request
from e2e.clusters.local.api.objects import Json


class Cut(StrEnum):
    """Where the connection ends."""

    REQUEST = "request"
    """Read, and nothing done."""
    ANSWER = "answer"
    """Done, and nothing answered."""
    HEADERS = "headers"
    """Done, and only the headers answered."""
    BODY = "body"
    """Done, and half of the body answered; of a watch, its first event."""


@dataclass(frozen=True)
class Fault:
    """What happens to the next ``count`` requests that match; to all when it is None.

    ``verb`` is an HTTP method or a verb of Kubernetes (`list`, `watch` …); empty: each.
    ``path`` is a regular expression, found anywhere in path and query; empty: each.
    First comes the delay, then one of the rest: silence until the client goes, a cut, or a status.
    """

    verb: str = ""
    path: str = ""
    count: int | None = 1
    delay_seconds: float = 0.0
    silent: bool = False
    cut: Cut | None = None
    status: int | None = None
    retry_after: str | None = None
    message: str = "a fault was asked for"

    @classmethod
    def of(cls, body: object) -> Fault:
        """From a JSON object with these fields. :class:`ApiError` 400 when it has others, or values that cannot be."""
        if not isinstance(body, dict) or body.keys() - {field.name for field in fields(cls)}:
            raise bad_request(f"a fault is an object with some of: {', '.join(field.name for field in fields(cls))}")
        try:
            re.compile(body.get("path", ""))
            return cls(**body | {"cut": Cut(body["cut"]) if body.get("cut") else None})
        except (TypeError, ValueError, re.error) as error:
            raise bad_request(f"no fault can be made of this: {error}") from error

    def matches(self, method: str, verb: str, path: str) -> bool:
        """``path`` with its query."""
        return self.verb.lower() in ("", method.lower(), verb) and re.search(self.path, path) is not None


class Faults:
    """Those that are left, in the order in which they came. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """After those that are there."""
        with self._lock:
            self._left.append(fault)

    def clear(self) -> None:
        """All of them."""
        with self._lock:
            self._left.clear()

    def left(self) -> list[Json]:
        """With the counts that are left."""
        with self._lock:
            return [asdict(fault) for fault in self._left]

    def take(self, method: str, verb: str, path: str) -> Fault | None:
        """The first that matches, counted; ``None`` when all is to go well."""
        with self._lock:
            for position, fault in enumerate(self._left):
                if fault.matches(method, verb, path):
                    if fault.count is not None:
                        rest = [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
                        self._left[position : position + 1] = rest
                    return fault
        return None
