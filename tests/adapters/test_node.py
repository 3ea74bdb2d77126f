from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bootstrap_monitor.adapters.node import BODY_LIMIT_BYTES, Node
from bootstrap_monitor.core.health import HttpAnswer, NoAnswer
from bootstrap_monitor.errors import ConfigurationError
from tests.support.http_server import ScriptedServer, Step, answer, chunked, cut, drip, hang, raw, refusing_url, reset


def node(url: str, read_seconds: float = 60.0, total_seconds: float = 60.0) -> Node:
    return Node(url, timeout=(60.0, read_seconds), total_seconds=total_seconds)


@pytest.mark.parametrize("status", [200, 204, 301, 403, 404, 500, 503])
def test_any_status_is_an_answer(status: int) -> None:
    body = b"" if status == 204 else b'{"healthy": false}'
    with ScriptedServer(answer(status, body)) as server:
        assert node(server.url).get("/ext/health") == HttpAnswer(status, body)

    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/ext/health")
    assert request.headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("slash", ["", "/"])
def test_any_path_can_be_asked(slash: str) -> None:
    with ScriptedServer(answer(200, b"metrics")) as server:
        assert node(server.url + slash).get("/ext/metrics") == HttpAnswer(200, b"metrics")

    assert server.requests[0].target == "/ext/metrics"


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\x00", b"{"], ids=["empty", "page", "bytes", "cut JSON"])
def test_a_body_is_handed_on_as_it_is(body: bytes) -> None:
    with ScriptedServer(answer(200, body)) as server:
        assert node(server.url).get("/ext/health") == HttpAnswer(200, body)


BROKEN: dict[str, tuple[Step, str]] = {
    "reset": (reset(), "ReadError"),
    "no answer": (raw(b""), "RemoteProtocolError"),
    "not HTTP": (raw(b"\x00\x01 what?\r\n\r\n"), "RemoteProtocolError"),
    "cut": (cut(b'{"healthy": true}'), "RemoteProtocolError"),
    "cut chunks": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"), "RemoteProtocolError"),
    "not what it says": (answer(200, b"no gzip", {"Content-Encoding": "gzip"}), "DecodingError"),
}


@pytest.mark.parametrize(("step", "kind"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_a_fact_not_an_error(step: Step, kind: str) -> None:
    with ScriptedServer(step, answer(200, b"back")) as server:
        subject = node(server.url)
        first, second = subject.get("/ext/health"), subject.get("/ext/health")

    assert isinstance(first, NoAnswer)
    assert first.reason.startswith(f"GET /ext/health: {kind}")
    assert second == HttpAnswer(200, b"back")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], ids=["at all", "in the body"]
)
def test_a_node_that_hangs_is_a_fact(start: bytes) -> None:
    with ScriptedServer(hang(start)) as server:
        result = node(server.url, read_seconds=0.05).get("/ext/health")

    assert result == NoAnswer("GET /ext/health: ReadTimeout: timed out")


def test_nobody_listening_is_a_fact() -> None:
    result = node(refusing_url()).get("/ext/health")

    assert isinstance(result, NoAnswer)
    assert result.reason == "GET /ext/health: ConnectError: [Errno 111] Connection refused"


def test_a_name_that_is_not_known_is_a_fact() -> None:
    assert isinstance(node("http://node.invalid:9650").get("/ext/health"), NoAnswer)


def test_a_redirect_is_not_followed() -> None:
    with (
        ScriptedServer(answer(200)) as elsewhere,
        ScriptedServer(answer(302, b"", {"Location": elsewhere.url})) as server,
    ):
        assert node(server.url).get("/ext/health") == HttpAnswer(302, b"")

    assert elsewhere.requests == []


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(answer(200, b"proxy")) as proxy, ScriptedServer(answer(200, b"node")) as server:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert node(server.url).get("/ext/health") == HttpAnswer(200, b"node")

    assert proxy.requests == []


def test_credentials_of_the_home_folder_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with ScriptedServer(answer(200)) as server:
        node(server.url).get("/ext/health")

    assert "authorization" not in server.requests[0].headers


def test_a_body_of_the_largest_size_is_read() -> None:
    with ScriptedServer(answer(200, b"x" * BODY_LIMIT_BYTES)) as server:
        assert node(server.url).get("/ext/metrics") == HttpAnswer(200, b"x" * BODY_LIMIT_BYTES)


@pytest.mark.parametrize(
    "step",
    [
        answer(200, b"x" * (BODY_LIMIT_BYTES + 1)),
        chunked([b"x" * 1_000_000] * 5),
        answer(200, gzip.compress(b"x" * (BODY_LIMIT_BYTES + 1)), {"Content-Encoding": "gzip"}),
    ],
    ids=["announced", "in chunks", "compressed"],
)
def test_a_larger_body_is_no_answer(step: Step) -> None:
    with ScriptedServer(step) as server:
        result = node(server.url).get("/ext/metrics")

    assert result == NoAnswer("GET /ext/metrics: the body is larger than 4194304 bytes")


DRIP_SECONDS = 0.2
HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPPING = {
    "the status": drip(b"HTTP/1.1 ", b"2"),
    "headers": drip(HEAD, b"X: y\r\n"),
    "a body": drip(HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a body in chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a body that ends with the connection": drip(HEAD + b"\r\n", b"x"),
    "interim answers": drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}


@pytest.mark.parametrize("step", DRIPPING.values(), ids=DRIPPING)
def test_what_drips_for_ever_is_no_answer(step: Step) -> None:
    """No single read takes long."""
    with ScriptedServer(step, answer(200, b"back")) as server:
        result = node(server.url, total_seconds=DRIP_SECONDS).get("/ext/health")

    assert result == NoAnswer("GET /ext/health: the answer is not complete after 0.2 s")


def test_each_sample_has_a_connection_of_its_own() -> None:
    """One that was kept would be one that a restart of the node has cut."""
    with ScriptedServer(answer(200)) as server:
        subject = node(server.url)
        subject.get("/ext/health")
        subject.get("/ext/health")

    assert len({request.client_port for request in server.requests}) == 2


@pytest.mark.parametrize(
    "uri", ["", "127.0.0.1:9650", "ftp://127.0.0.1", "http://", "http://:9650", "http://[::1", "http://a:b"]
)
def test_a_bad_address_is_a_configuration_error(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="is not usable") as caught:
        Node(uri)

    assert caught.value.reason == "NodeAddressInvalid"


def test_an_address_of_version_6_is_fine() -> None:
    assert isinstance(Node("http://[::1]:1").get("/ext/health"), NoAnswer)
