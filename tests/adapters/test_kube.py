"""The verbs of the Kubernetes adapter: what is sent, and what comes of each kind of answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.kube import Kube
from bootstrap_monitor.errors import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, NotFound
from bootstrap_monitor.timings import RETRY_ATTEMPTS
from tests.support.clock import FakeClock
from tests.support.http_server import (
    ScriptedServer,
    Step,
    answer,
    chunked,
    cut,
    hang,
    raw,
    refusing_url,
    reset,
)
from tests.support.kube_api import TOKEN, connect, status

POD = {"kind": "Pod", "metadata": {"name": "node-0", "uid": "u"}}
SET = {"kind": "StatefulSet", "metadata": {"name": "node"}}
PODS_PATH = "/api/v1/namespaces/rig/pods"
SET_PATH = "/apis/apps/v1/namespaces/rig/statefulsets/node"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Verb:
    call: Callable[[Kube], Any]
    method: str
    path: str
    answer: Any
    result: Any
    content_type: str | None = None
    body: Any = None


VERBS = {
    "get pod": Verb(lambda kube: kube.get_pod("node-0"), "GET", f"{PODS_PATH}/node-0", POD, POD),
    "create pod": Verb(lambda kube: kube.create_pod(POD), "POST", PODS_PATH, POD, POD, "application/json", POD),
    "delete pod": Verb(
        lambda kube: kube.delete_pod("node-0", uid="u", grace_seconds=30),
        "DELETE",
        f"{PODS_PATH}/node-0",
        POD,
        None,
        "application/json",
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": "u"},
            "gracePeriodSeconds": 30,
        },
    ),
    "pod log": Verb(
        lambda kube: kube.pod_log("node-0", container="avago", limit_bytes=1000),
        "GET",
        f"{PODS_PATH}/node-0/log",
        b"one\ntwo\n",
        "one\ntwo\n",
    ),
    "read stateful set": Verb(lambda kube: kube.read_stateful_set("node"), "PATCH", SET_PATH, SET, SET, MERGE, {}),
    "merge patch": Verb(
        lambda kube: kube.patch_stateful_set("node", {"a": [None, 1]}, strategic=False),
        "PATCH",
        SET_PATH,
        SET,
        SET,
        MERGE,
        {"a": [None, 1]},
    ),
    "strategic patch": Verb(
        lambda kube: kube.patch_stateful_set("node", {"metadata": {}}, strategic=True),
        "PATCH",
        SET_PATH,
        SET,
        SET,
        STRATEGIC,
        {"metadata": {}},
    ),
}
JSON_VERBS = {name: verb for name, verb in VERBS.items() if name != "pod log"}
every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


@every_verb
def test_a_request_is_as_kubernetes_wants_it(verb: Verb, clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(answer(200, verb.answer)) as server:
        result = verb.call(connect(tmp_path, server.url, clock))

    assert result == verb.result
    (request,) = server.requests
    assert (request.method, request.path) == (verb.method, verb.path)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["user-agent"] == f"bootstrap-monitor/{__version__}"
    assert request.headers.get("content-type") == verb.content_type
    assert (request.json if request.body else None) == verb.body
    assert clock.sleeps == []


STATUSES: dict[int, tuple[type[ApiError], bool]] = {
    # status: (class, whether it is retried)
    301: (ApiError, False),
    400: (Invalid, False),
    401: (ApiError, True),
    403: (Forbidden, False),
    404: (NotFound, False),
    408: (ApiError, True),
    409: (Conflict, False),
    410: (ApiError, False),
    413: (Invalid, False),
    415: (ApiError, False),
    422: (Invalid, False),
    429: (ApiError, True),
    500: (ApiError, True),
    502: (ApiError, True),
    503: (ApiError, True),
    504: (ApiError, True),
}


@every_verb
@pytest.mark.parametrize(("code", "outcome"), STATUSES.items(), ids=map(str, STATUSES))
def test_each_status_has_its_error(
    verb: Verb, code: int, outcome: tuple[type[ApiError], bool], clock: FakeClock, tmp_path: Path
) -> None:
    kind, transient = outcome
    with ScriptedServer(status(code, "SomeReason", "some message")) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError) as caught:
            verb.call(kube)

    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.reason) == (code, "SomeReason")
    assert caught.value.what.endswith(f": HTTP {code} SomeReason some message")
    assert caught.value.transient == transient
    assert len(server.requests) == (RETRY_ATTEMPTS if transient else 1)


BROKEN: dict[str, Step] = {
    "reset": reset(),
    "cut": cut(b'{"kind": "Pod"'),
    "cut though whole": cut(b'{"kind": "Pod"}'),
    "cut chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
    "no answer": raw(b""),
    "not HTTP": raw(b"\x00\x01\x02 what?\r\n\r\n"),
}


@every_verb
@pytest.mark.parametrize("step", BROKEN.values(), ids=BROKEN)
def test_a_broken_connection_is_retried(
    verb: Verb, step: Step, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedServer(step, answer(200, verb.answer)) as server:
        assert verb.call(connect(tmp_path, server.url, clock)) == verb.result

    assert len(server.requests) == 2
    assert len(clock.sleeps) == 1
    assert "attempt #1/6 failed" in caplog.text


@pytest.mark.parametrize("step", BROKEN.values(), ids=BROKEN)
def test_a_connection_that_stays_broken_is_an_error_without_a_status(
    step: Step, clock: FakeClock, tmp_path: Path
) -> None:
    with ScriptedServer(step) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError, match=r"^get pod node-0: ") as caught:
            kube.get_pod("node-0")

    assert (caught.value.status, caught.value.reason) == (0, "ConnectionFailed")
    assert len(server.requests) == RETRY_ATTEMPTS


@every_verb
@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], ids=["at all", "in the body"]
)
def test_a_server_that_does_not_answer_is_not_waited_for(
    start: bytes, verb: Verb, clock: FakeClock, tmp_path: Path
) -> None:
    with ScriptedServer(hang(start)) as server:
        kube = connect(tmp_path, server.url, clock, read_seconds=0.02)
        with pytest.raises(ApiError, match="Read timed out") as caught:
            verb.call(kube)

    assert (caught.value.status, caught.value.reason) == (0, "TimedOut")
    assert len(clock.sleeps) == RETRY_ATTEMPTS - 1


@every_verb
def test_a_refused_connection_is_transient(verb: Verb, clock: FakeClock, tmp_path: Path) -> None:
    kube = connect(tmp_path, refusing_url(), clock)

    with pytest.raises(ApiError, match="refused") as caught:
        verb.call(kube)

    assert (caught.value.status, caught.value.reason) == (0, "ConnectionFailed")
    assert len(clock.sleeps) == RETRY_ATTEMPTS - 1


RUBBISH = {
    "empty": b"",
    "a page": b"<html>secret</html>",
    "a list": b'["secret"]',
    "a string": b'"secret"',
    "cut JSON": b'{"secret": ',
    "not UTF-8": b'{"secret": "\xff"}',
    "too deep": b'{"secret": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("verb", JSON_VERBS.values(), ids=JSON_VERBS)
@pytest.mark.parametrize("body", RUBBISH.values(), ids=RUBBISH)
def test_a_success_without_an_object_is_no_success(verb: Verb, body: bytes, clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(answer(200, body)) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError, match="is not a JSON object") as caught:
            verb.call(kube)

    assert (caught.value.status, caught.value.reason) == (0, "UnreadableAnswer")
    assert "secret" not in caught.value.diagnostics()
    assert len(server.requests) == RETRY_ATTEMPTS


def test_creating_over_an_existing_name_is_told_from_a_conflict(clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(status(409, "AlreadyExists", "object is being deleted")) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(AlreadyExists, match="object is being deleted"):
            kube.create_pod(POD)


def test_a_create_whose_answer_was_lost_ends_as_already_existing(clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(cut(b"{"), status(409, "AlreadyExists")) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(AlreadyExists):
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


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured(code: int, clock: FakeClock, tmp_path: Path) -> None:
    with ScriptedServer(status(code, headers={"Retry-After": "11"}), answer(200, POD)) as server:
        assert connect(tmp_path, server.url, clock).get_pod("node-0") == POD

    assert len(clock.sleeps) == 1
    assert 11 <= clock.sleeps[0] < 12


def test_a_retry_after_date_is_honoured(clock: FakeClock, tmp_path: Path) -> None:
    date = format_datetime(clock.now() + timedelta(seconds=9), usegmt=True)
    with ScriptedServer(status(429, headers={"Retry-After": date}), answer(200, POD)) as server:
        connect(tmp_path, server.url, clock).get_pod("node-0")

    assert 9 <= clock.sleeps[0] < 10


def test_redirects_are_not_followed(clock: FakeClock, tmp_path: Path) -> None:
    with (
        ScriptedServer(answer(200, POD)) as elsewhere,
        ScriptedServer(answer(307, headers={"Location": f"{elsewhere.url}/x"})) as server,
    ):
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError, match="HTTP 307"):
            kube.get_pod("node-0")

    assert elsewhere.requests == []
