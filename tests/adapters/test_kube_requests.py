"""What is particular to single verbs of the Kubernetes adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.errors import AlreadyExists, ApiError
from tests.support.clock import FakeClock
from tests.support.http_server import (
    ScriptedServer,
    Step,
    answer,
    chunked,
)
from tests.support.kube_api import connect, status
from tests.support.kube_verbs import POD, PODS_PATH


def test_creating_over_an_existing_name_is_told_from_a_conflict(clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(status(409, "AlreadyExists", "object is being deleted")) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(AlreadyExists, match="object is being deleted"):
            kube.create_pod(POD)


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({"uid": "u"}, {"preconditions": {"uid": "u"}}),
        ({"grace_seconds": 0}, {"gracePeriodSeconds": 0}),
    ],
    ids=["none", "uid", "grace"],
)
def test_delete_options_are_only_those_given(
    options: dict[str, Any], body: dict[str, Any], clock: FakeClock, tmp_path: Path
) -> None:
    with ScriptedServer(answer(200, {"kind": "Status", "status": "Success"})) as server:
        connect(tmp_path, server.url, clock).delete_pod("node-0", **options)

    assert server.requests[0].json == {"apiVersion": "v1", "kind": "DeleteOptions"} | body


def test_a_name_stays_one_segment_of_the_path(clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(answer(200, POD)) as server:
        connect(tmp_path, server.url, clock).get_pod("../secrets?x")

    assert server.requests[0].target == f"{PODS_PATH}/..%2Fsecrets%3Fx"


@pytest.mark.parametrize(("tail", "query"), [(None, {}), (5, {"tailLines": "5"})], ids=["all", "tail"])
def test_a_log_is_bounded_by_the_server(
    tail: int | None, query: dict[str, str], clock: FakeClock, tmp_path: Path
) -> None:
    with ScriptedServer(answer(200, b"log")) as server:
        kube = connect(tmp_path, server.url, clock)
        kube.pod_log("node-0", container="avago", limit_bytes=1000, tail_lines=tail)

    assert server.requests[0].query == {"container": "avago", "limitBytes": "1000"} | query
    assert server.requests[0].headers["accept"] == "*/*"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (answer(204), ""),
        (answer(200, b"caf\xc3\xa9 \xff\xfe."), "café \ufffd\ufffd."),
        (answer(200, b"null"), "null"),
        (chunked([b"one\n", b"two\n"]), "one\ntwo\n"),
    ],
    ids=["unscheduled", "not UTF-8", "JSON by chance", "chunked"],
)
def test_a_log_is_text_whatever_it_holds(step: Step, text: str, clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(step) as server:
        kube = connect(tmp_path, server.url, clock)
        assert kube.pod_log("node-0", container="avago", limit_bytes=1000) == text


def test_redirects_are_not_followed(clock: FakeClock, tmp_path: Path) -> None:
    with (
        ScriptedServer(answer(200, POD)) as elsewhere,
        ScriptedServer(answer(307, headers={"Location": f"{elsewhere.url}/x"})) as server,
    ):
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError, match="HTTP 307"):
            kube.get_pod("node-0")

    assert elsewhere.requests == []
