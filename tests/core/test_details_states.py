"""Each state of the details file, and what ``init`` does about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bootstrap_monitor.core import details
from bootstrap_monitor.core.details import Details, DetailsFile, UnreadableDetails
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.init_acts import Resume, StartTest, Stop
from bootstrap_monitor.core.init_decision import decide
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.errors import ExitCode
from tests.support.objects import (
    DIGEST,
    NOW,
    OTHER_DIGEST,
    PINNED,
    REPOSITORY,
    START,
    details_of,
    init_world,
    pod_from,
    template,
)

POD = pod_from(template())
OURS = json.loads(details_of(POD).encode())
UPSTREAMS = {"image": PINNED, "startTime": START}


def keys(document: Any) -> bytes:
    return json.dumps(document).encode()


def without(key: str) -> bytes:
    return keys({name: value for name, value in OURS.items() if name != key})


MALFORMED = [
    pytest.param(b"", "empty", id="empty"),
    pytest.param(b" \n", "empty", id="blank"),
    pytest.param(keys(OURS)[:-20], "not JSON", id="truncated"),
    pytest.param(b"\0" * 200, "not JSON", id="zeros"),
    pytest.param(b"\xff\xfe{}", "not JSON", id="not UTF-8"),
    pytest.param(b"repo@sha256:1", "not JSON", id="text"),
    pytest.param(b"[" * 100_000, "not JSON", id="nested too deep"),
    pytest.param(keys([UPSTREAMS]), "not a JSON object", id="list"),
    pytest.param(b"null", "not a JSON object", id="null"),
    pytest.param(b"{}", "without an `image`", id="empty object"),
    pytest.param(without("image"), "without an `image`", id="no image"),
    pytest.param(keys(OURS | {"image": ""}), "without an `image`", id="empty image"),
    pytest.param(keys(OURS | {"image": {"name": PINNED}}), "without an `image`", id="image of a wrong type"),
    pytest.param(without("startTime"), "without a `startTime`", id="no startTime"),
    pytest.param(keys(OURS | {"startTime": "yesterday"}), "without a `startTime`", id="bad startTime"),
    pytest.param(keys(OURS | {"startTime": "2024-05-01T12:00:00"}), "without a `startTime`", id="no zone"),
    pytest.param(keys(OURS | {"startTime": 1714564800}), "without a `startTime`", id="startTime of a wrong type"),
]


@pytest.mark.parametrize(("content", "why"), MALFORMED)
def test_malformed(content: bytes, why: str) -> None:
    decision = decide(init_world(POD, file=details.parse(content)))

    assert decision.reason == "TestDetailsMalformed"
    assert f"bootstrap_test_details.txt is {why}" in decision.message
    assert isinstance(decision.act, StartTest)
    assert decision.act.set_aside
    assert decision.act.details.start_time == NOW.isoformat()


def test_absent() -> None:
    decision = decide(init_world(POD, file=details.parse(None)))

    assert decision.reason == "NoTestDetails"
    assert decision.act == StartTest(
        Details(
            image=PINNED,
            start_time="2024-05-08T12:00:00+00:00",
            repository=REPOSITORY,
            tracked_tag="latest",
            versions=OURS["versions"],
            fingerprint=OURS["fingerprint"],
        ),
        test=Fingerprint(**OURS["fingerprint"]).test(),
        places=NodeData(("/data/avalanchego",), "/data", "/data/avalanchego/db"),
    )


@pytest.mark.parametrize(
    ("document", "filled"),
    [
        pytest.param(UPSTREAMS, True, id="upstream's two keys"),
        pytest.param(OURS, False, id="ours"),
        pytest.param(OURS | {"archive": "s3://x"}, False, id="unknown keys"),
        pytest.param(OURS | {"fingerprint": OURS["fingerprint"] | {"archive": "x"}}, False, id="unknown field"),
        pytest.param(OURS | {"fingerprint": [DIGEST]}, True, id="fingerprint of a wrong type"),
        pytest.param(OURS | {"fingerprint": {"image": DIGEST}}, True, id="fingerprint of an older release"),
        pytest.param(OURS | {"repository": 5, "trackedTag": ""}, True, id="our keys of a wrong type"),
        pytest.param(OURS | {"schema": 0}, False, id="older schema"),
        pytest.param(OURS | {"schema": "9"}, False, id="schema of a wrong type"),
    ],
)
def test_the_same_test(document: dict[str, Any], filled: bool) -> None:
    read = details.parse(keys(document))

    decision = decide(init_world(POD, file=read))

    assert decision.reason == "SameTest"
    assert isinstance(decision.act, Resume)
    assert decision.act.details == read
    assert (decision.act.filled is not None) is filled
    if decision.act.filled:
        written = json.loads(decision.act.filled.encode())
        assert written == document | OURS | {"fingerprint": OURS["fingerprint"]}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param(UPSTREAMS | {"image": f"{REPOSITORY}@{OTHER_DIGEST}"}, "ImageChanged", id="upstream's"),
        pytest.param(UPSTREAMS | {"image": f"{REPOSITORY}:v1"}, "ImageChanged", id="image without a digest"),
        pytest.param(
            OURS | {"fingerprint": OURS["fingerprint"] | {"image": OTHER_DIGEST}}, "ImageChanged", id="another image"
        ),
        pytest.param(
            OURS | {"fingerprint": OURS["fingerprint"] | {"network": "local"}}, "NetworkChanged", id="another network"
        ),
    ],
)
def test_another_test(document: dict[str, Any], reason: str) -> None:
    decision = decide(init_world(POD, file=details.parse(keys(document))))

    assert decision.reason == reason
    assert isinstance(decision.act, StartTest)
    assert not decision.act.set_aside
    assert decision.act.details.encode() == keys_of_a_new_test()


def keys_of_a_new_test() -> bytes:
    new = decide(init_world(POD)).act
    assert isinstance(new, StartTest)
    return new.details.encode()


STOPPING: list[tuple[DetailsFile, str, ExitCode, str]] = [
    (details.parse(keys(OURS | {"schema": 2})), "TestDetailsNewerSchema", ExitCode.CONFIGURATION, "schema 2"),
    (details.parse(b'{"schema": 7}'), "TestDetailsNewerSchema", ExitCode.CONFIGURATION, "schema 7"),
    *[
        (UnreadableDetails(error), "TestDetailsIOError", ExitCode.TRY_AGAIN, error)
        for error in (
            "[Errno 5] Input/output error",
            "[Errno 13] Permission denied",
            "[Errno 116] Stale file handle",
        )
    ],
]


@pytest.mark.parametrize("node_image", [PINNED, f"{REPOSITORY}:latest"], ids=["pinned", "not pinned"])
@pytest.mark.parametrize(
    ("file", "reason", "exit_code", "named"), STOPPING, ids=["newer", "newer and otherwise", "EIO", "EACCES", "ESTALE"]
)
def test_stops(file: DetailsFile, reason: str, exit_code: ExitCode, named: str, node_image: str) -> None:
    decision = decide(init_world(pod_from(template(node_image)), file=file))

    assert decision.reason == reason
    assert named in decision.message
    assert isinstance(decision.act, Stop)
    assert decision.act.exit_code is exit_code
    assert decision.act.check
    assert decision.act.do
