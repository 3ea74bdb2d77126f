"""What stands in a node's place on a bad day: how it answers any request, and what a sample says of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bootstrap_monitor.adapters.node import Node
from tests.support.http_server import (
    ScriptedServer,
    Step,
    answer,
    chunked,
    cut,
    drip,
    hang,
    raw,
    refusing_url,
    reset,
)

WELL = json.dumps({"healthy": True, "checks": {"bootstrapped": {"message": []}}}).encode()
PAGE = b"<html><body>Bad Gateway</body></html>"
_UNREACHABLE = "NodeUnreachable: "
_MALFORMED = "MalformedAnswer: "


@dataclass(frozen=True)
class BadNode:
    """``problem`` is how the sample's begins; ``None``: the answer is one, and no pass."""

    step: Step | None
    """``None``: nobody listens."""
    problem: str | None
    slow: bool = False
    """It is left by time."""

    def seen_at(self, url: str) -> Node:
        """The adapter; with little patience for a slow one, as on a busy machine any is slow at times."""
        return Node(url, timeout=(60.0, 0.1), total_seconds=0.3) if self.slow else Node(url)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Its address."""
        if self.step is None:
            yield refusing_url()
        else:
            with ScriptedServer(self.step) as server:
                yield server.url


def _said(headers: bytes, body: bytes) -> Step:
    """These very bytes, and the end."""
    return raw(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body)


def _length(length: int, body: bytes = WELL) -> Step:
    return _said(b"Content-Length: %d" % length, body)


def _json(body: object) -> Step:
    return answer(200, json.dumps(body).encode())


BAD_NODES = {
    "refuses": BadNode(None, _UNREACHABLE),
    "accepts and is silent": BadNode(hang(), _UNREACHABLE, slow=True),
    "is silent in mid-body": BadNode(hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), _UNREACHABLE, slow=True),
    "closes at once": BadNode(raw(b""), _UNREACHABLE),
    "resets": BadNode(reset(), _UNREACHABLE),
    "closes in mid-body": BadNode(cut(WELL[:-1]), _UNREACHABLE),
    "closes though whole": BadNode(cut(WELL), _UNREACHABLE),
    "speaks no HTTP": BadNode(raw(b"\x00\x01 what?\r\n\r\n"), _UNREACHABLE),
    "HTML 200": BadNode(answer(200, PAGE), _MALFORMED),
    "HTML 503": BadNode(answer(503, PAGE), _MALFORMED),
    "200 without a body": BadNode(answer(200), _MALFORMED),
    "204": BadNode(answer(204), _MALFORMED),
    "503 without a body": BadNode(answer(503), _MALFORMED),
    "503 that says healthy": BadNode(answer(503, WELL), None),
    "500 with a good body": BadNode(answer(500, WELL), _MALFORMED),
    "200 of a list": BadNode(_json([True]), _MALFORMED),
    "200 of a word": BadNode(_json("healthy"), _MALFORMED),
    "200 of too deep a list": BadNode(answer(200, b"[" * 100_000), _MALFORMED),
    "200 of bytes": BadNode(answer(200, b'{"healthy": true, "\xff": 0}'), _MALFORMED),
    "healthy as a string": BadNode(_json({"healthy": "true", "checks": {"bootstrapped": {"message": []}}}), _MALFORMED),
    "healthy without checks": BadNode(_json({"healthy": True}), None),
    "checks as a list": BadNode(_json({"healthy": True, "checks": ["bootstrapped"]}), None),
    "no check of the bootstrap": BadNode(_json({"healthy": True, "checks": {"P": {"message": {}}}}), None),
    "a check as a word": BadNode(_json({"healthy": True, "checks": {"bootstrapped": "done"}}), None),
    "a check's list of numbers": BadNode(_json({"healthy": True, "checks": {"bootstrapped": {"message": [0]}}}), None),
    "endless body": BadNode(chunked([b" " * 65_536] * 1_000), _UNREACHABLE),
    "a body that drips": BadNode(
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "), _UNREACHABLE, slow=True
    ),
    "headers that drip": BadNode(drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), _UNREACHABLE, slow=True),
    "redirect": BadNode(answer(302, b"", {"Location": "http://127.0.0.1:1/"}), _MALFORMED),
    "redirect to nowhere": BadNode(answer(301, b"", {"Location": "::"}), _UNREACHABLE),
    "403 for the Host header": BadNode(answer(403, b"invalid host specified"), _MALFORMED),
    "404": BadNode(answer(404, b"404 page not found"), _MALFORMED),
    "huge headers": BadNode(_said(b"X: " + b"x" * 1_000_000, WELL), _UNREACHABLE),
    "too long a length": BadNode(_length(len(WELL) + 1), _UNREACHABLE),
    "too short a length": BadNode(_length(len(WELL) - 1), _MALFORMED),
    "a length that is none": BadNode(_said(b"Content-Length: many", WELL), _UNREACHABLE),
    "two lengths": BadNode(_said(b"Content-Length: 1\r\nContent-Length: 2", WELL), _UNREACHABLE),
    "gzip that is none": BadNode(answer(200, WELL, {"Content-Encoding": "gzip"}), _UNREACHABLE),
    "gzip that ends early": BadNode(answer(200, gzip.compress(WELL)[:-30], {"Content-Encoding": "gzip"}), _MALFORMED),
    "gzip that grows": BadNode(
        answer(200, gzip.compress(b" " * 10_000_000), {"Content-Encoding": "gzip"}), _UNREACHABLE
    ),
}
GOOD_NODES = {
    "plain": answer(200, WELL),
    "in chunks": chunked([WELL[:5], WELL[5:]]),
    "without a length": _said(b"Connection: close", WELL),
    "gzip, unasked for": answer(200, gzip.compress(WELL), {"Content-Encoding": "gzip"}),
}
