from __future__ import annotations

import json
from typing import Any

import pytest

from bootstrap_monitor.core.restore.metadata import Frame, FrameMember, Metadata, parse
from bootstrap_monitor.errors import ConfigurationError

NAME = "https://example.com/db.tar.zst.json"
HASH = "0123456789abcdef" * 4
MEMBER = {"name": "db/v1/000001.ldb", "size": 3000, "mode": 420, "offset": 1536}
FIRST = {"offset": 0, "length": 700, "sha256": HASH, "tarOffset": 0}
SECOND = {"offset": 700, "length": 300, "sha256": HASH.upper(), "tarOffset": 2048, "member": MEMBER}
WHOLE: dict[str, Any] = {
    "schema": 1,
    "size": 1000,
    "sha256": HASH,
    "uncompressedSize": 10240,
    "network": "fuji",
    "syncMode": "full-sync",
    "nodeVersion": "v1.13.0",
    "createdAt": "2026-11-21T12:00:00Z",
    "frames": [FIRST, SECOND],
}


def parsed(document: Any) -> Metadata:
    return parse(json.dumps(document).encode(), NAME)


def test_all_that_it_may_say() -> None:
    assert parsed(WHOLE) == Metadata(
        size=1000,
        sha256=HASH,
        uncompressed_size=10240,
        network="fuji",
        sync_mode="full-sync",
        node_version="v1.13.0",
        frames=(
            Frame(0, 700, HASH, 0, None),
            Frame(700, 300, HASH, 2048, FrameMember("db/v1/000001.ldb", 3000, 0o644, 1536)),
        ),
    )


@pytest.mark.parametrize(
    "document",
    [{}, {"schema": 1}, {"frames": []}, {"note": {"by": ["somebody"]}}, dict.fromkeys(WHOLE)],
    ids=["nothing", "schema", "no frames", "unknown keys", "null"],
)
def test_it_may_say_nothing(document: dict[str, Any]) -> None:
    assert parsed(document) == Metadata()


def test_unknown_keys_are_passed_over_everywhere() -> None:
    frames = [FIRST, SECOND | {"member": MEMBER | {"owner": 0}, "rows": 5}]
    assert parsed(WHOLE | {"frames": frames, "more": 1}) == parsed(WHOLE)


def test_a_frame_may_begin_in_the_padding_of_a_file() -> None:
    second = SECOND | {"tarOffset": 512 + 3050, "member": MEMBER | {"offset": 3050}}
    member = parsed(WHOLE | {"frames": [FIRST, second]}).frames[1].member
    assert member == FrameMember("db/v1/000001.ldb", 3000, 0o644, 3050)


def second(**keys: Any) -> dict[str, Any]:
    return WHOLE | {"frames": [FIRST, SECOND | keys]}


def member(**keys: Any) -> dict[str, Any]:
    return second(member=MEMBER | keys)


MALFORMED: dict[str, tuple[Any, str]] = {
    "a list": ([WHOLE], "is not a JSON object"),
    "schema is a text": (WHOLE | {"schema": "1"}, "schema that is not a whole number"),
    "size is a text": (WHOLE | {"size": "1000"}, "size that is not a whole number"),
    "size is negative": (WHOLE | {"size": -1}, "size that is not a whole number"),
    "size is a truth value": (WHOLE | {"size": True}, "size that is not a whole number"),
    "size is beyond all bounds": (WHOLE | {"size": 1 << 80}, "size that is not a whole number"),
    "uncompressedSize is a fraction": (WHOLE | {"uncompressedSize": 1.5}, "uncompressedSize that is not a whole"),
    "sha256 is short": (WHOLE | {"sha256": HASH[1:]}, "sha256 that is not 64 hexadecimal digits"),
    "sha256 is not hex": (WHOLE | {"sha256": "g" * 64}, "sha256 that is not 64 hexadecimal digits"),
    "network is empty": (WHOLE | {"network": ""}, "network that is not a text"),
    "syncMode is a number": (WHOLE | {"syncMode": 1}, "syncMode that is not a text"),
    "nodeVersion is an object": (WHOLE | {"nodeVersion": {}}, "nodeVersion that is not a text"),
    "frames is an object": (WHOLE | {"frames": FIRST}, "frames that is not a list"),
    "a frame is a number": (WHOLE | {"frames": [1]}, r"frames\[0\] that is not an object"),
    "frames without size": (WHOLE | {"size": None}, "not both size and uncompressedSize"),
    "frames without uncompressedSize": (WHOLE | {"uncompressedSize": None}, "not both size and uncompressedSize"),
    "no length": (second(length=None), r"frames\[1\] without length"),
    "no sha256": (second(sha256=None), r"frames\[1\] without sha256"),
    "no tarOffset": (second(tarOffset=None), r"frames\[1\] without tarOffset"),
    "a gap": (second(offset=701, length=299), r"frames\[1\] that does not begin at 700"),
    "an overlap": (second(offset=699, length=301), r"frames\[1\] that does not begin at 700"),
    "not from 0": (WHOLE | {"frames": [SECOND | {"length": 300}]}, r"frames\[0\] that does not begin at 0"),
    "an empty frame": (WHOLE | {"frames": [FIRST | {"length": 0}]}, r"frames\[0\] that does not begin at 0"),
    "too short": (second(length=299), "end at 999, not at its size of 1000"),
    "too long": (second(length=301), "end at 1001, not at its size of 1000"),
    "the tar does not begin at 0": (WHOLE | {"frames": [FIRST | {"tarOffset": 512}, SECOND]}, "begin at 0 and rise"),
    "tarOffset does not rise": (second(tarOffset=0, member=None), "begin at 0 and rise"),
    "tarOffset beyond the tar": (WHOLE | {"uncompressedSize": 2048}, "below the uncompressedSize of 2048"),
    "member is a text": (second(member="db/x"), r"frames\[1\]\.member that is not an object"),
    "member without name": (member(name=None), r"frames\[1\]\.member without name"),
    "member without mode": (member(mode=None), r"frames\[1\]\.member without mode"),
    "member's size is a text": (member(size="3000"), r"frames\[1\]\.member\.size that is not a whole number"),
    "member ends before": (member(size=1536), r"frames\[1\]\.member whose offset is not inside of it"),
    "member begins before the tar": (second(tarOffset=1536), r"frames\[1\] whose tarOffset and member\.offset"),
    "member begins off a block": (member(offset=1537), r"frames\[1\] whose tarOffset and member\.offset"),
}


@pytest.mark.parametrize(("document", "why"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_told_with_its_place(document: Any, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        parsed(document)
    assert caught.value.reason == "MetadataMalformed"
    assert caught.value.what.startswith(f"{NAME} ")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"<html>", "is not JSON"),
        (b'{"size": 1', "is not JSON"),
        (b'{"network": "\xff"}', "not JSON"),
    ],
    ids=["empty", "a page", "cut", "not UTF-8"],
)
def test_what_is_not_json(content: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        parse(content, NAME)
    assert caught.value.reason == "MetadataMalformed"


def test_a_newer_schema_needs_a_newer_release_whatever_else_it_says() -> None:
    with pytest.raises(ConfigurationError, match=r"schema 2; this release knows schema 1") as caught:
        parsed(WHOLE | {"schema": 2, "size": "a lot"})
    assert caught.value.reason == "MetadataNewerSchema"


def test_frames_are_named_by_all_that_they_say() -> None:
    named = parsed(WHOLE).frames_hash()
    assert parsed(WHOLE | {"network": "mainnet", "sha256": None}).frames_hash() == named
    assert len({named, parsed(second(member=None)).frames_hash(), parsed(member(mode=0)).frames_hash()}) == 3
