"""The verbs of the Kubernetes adapter: what is sent, and what a good answer is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.errors import ApiError
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, answer
from tests.support.kube_api import TOKEN, connect
from tests.support.kube_verbs import JSON_VERBS, VERBS, Verb, every_verb


def test_every_method_is_in_the_tables() -> None:
    methods = {name for name in vars(Kube) if not name.startswith("_")} - {"connect"}
    assert {verb.of for verb in VERBS.values()} == methods, "a row for it goes into tests/support/kube_verbs.py"


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
    assert len(server.requests) == verb.attempts
