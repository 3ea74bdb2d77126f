"""The verbs of the Kubernetes adapter: what is sent, and what comes of each kind of answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.kube import Kube
from bootstrap_monitor.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from bootstrap_monitor.timings import RETRY_ATTEMPTS
from tests.support.clock import FakeClock
from tests.support.http_server import (
    ScriptedServer,
    Step,
    answer,
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
