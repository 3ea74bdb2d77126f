"""The marker's file: what is written is read, and what is damaged tells nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.marker import Failure, Marker, State, parse

PLAIN = Marker("0123456789abcdef", State.RESTORING, "https://archives.example.com/fuji.tar.zst")
FULL = replace(
    PLAIN,
    state=State.FAILED,
    identity=Identity(150 << 30, '"etag"', "Fri, 02 Jan 2026 03:04:05 GMT"),
    sha256="ab" * 32,
    network="fuji",
    sync_mode="full-sync",
    checkpoint={"frame": 7},
    failure=Failure("ArchiveDamaged", "it is cut", "fedcba9876543210", 2),
)


@pytest.mark.parametrize("marker", [PLAIN, FULL, *(replace(PLAIN, state=state) for state in State)])
def test_what_is_written_is_read(marker: Marker) -> None:
    assert parse(marker.encode()) == marker


def test_what_is_not_known_is_not_written() -> None:
    assert orjson.loads(PLAIN.encode()) == {
        "schema": 1,
        "state": "restoring",
        "test": PLAIN.test,
        "source": PLAIN.source,
        "identity": {},
    }


def with_key(**keys: Any) -> bytes:
    return orjson.dumps(orjson.loads(FULL.encode()) | keys)


def without(key: str) -> bytes:
    return orjson.dumps({name: value for name, value in orjson.loads(FULL.encode()).items() if name != key})


NOTHING = {
    "absent": None,
    "empty": b"",
    "cut": FULL.encode()[:-1],
    "no UTF-8": b'{"schema": "\xff"}',
    "a list": b"[1]",
    "a number": b"1",
    "null": b"null",
    "of another release": with_key(schema=2),
    "another state": with_key(state="resting"),
    "no object as identity": with_key(identity=["size"]),
    "another failure": with_key(failure={"reason": "ArchiveDamaged"}),
    "a failure of other types": with_key(failure={"reason": "x", "what": "x", "inputs": "x", "times": "two"}),
    "no object as failure": with_key(failure="ArchiveDamaged"),
    **{f"without {key}": without(key) for key in ("schema", "state", "test", "source")},
}


@pytest.mark.parametrize("content", NOTHING.values(), ids=NOTHING.keys())
def test_damage_tells_nothing(content: bytes | None) -> None:
    assert parse(content) is None


LESS = {
    "of a later release of this schema": (with_key(mood="fine"), FULL),
    "checkpoint": (with_key(checkpoint=7), replace(FULL, checkpoint=None)),
    "hash": (with_key(sha256=7), replace(FULL, sha256=None)),
    "network": (with_key(network=1), replace(FULL, network=None)),
    "size": (
        with_key(identity={"size": "many", "etag": '"etag"'}),
        replace(FULL, identity=Identity(etag='"etag"')),
    ),
    "no identity": (without("identity"), replace(FULL, identity=Identity())),
}


@pytest.mark.parametrize(("content", "marker"), LESS.values(), ids=LESS.keys())
def test_what_is_of_no_use_is_passed_over(content: bytes, marker: Marker) -> None:
    assert parse(content) == marker
