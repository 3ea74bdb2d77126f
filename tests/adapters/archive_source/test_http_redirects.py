"""Where requests go, what goes with them, and that no secret of an address is told to anybody."""

from __future__ import annotations

import logging
import traceback

import pytest

from bootstrap_monitor.errors import ConfigurationError, MonitorError, TransientError
from tests.adapters.archive_source.opened import CONNECTIONS, CONTENT, SHORT, opened
from tests.support.archive_server import ArchiveServer, Behaviour, cut, redirect, silent, status, with_headers
from tests.support.http_server import refusing_url
from tests.support.tunnel import Tunnel

SECRET = "hush"
BASIC = "Basic bWU6aHVzaA=="  # me:hush


def _with_user(url: str) -> str:
    return url.replace("://", f"://me:{SECRET}@")


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed_with_range_and_guard_but_without_credentials(
    server: ArchiveServer, code: int, connections: int
) -> None:
    with ArchiveServer(b"") as front:
        front.otherwise = redirect(f"{server.url}?signed=secret", code)
        server.script(Behaviour(), cut(1000))
        with opened(_with_user(front.url), connections=connections) as source:
            assert b"".join(source.read()) == CONTENT
    assert {request.headers.get("authorization") for request in front.requests} == {BASIC}
    assert {request.headers.get("authorization") for request in server.requests} == {None}
    assert server.ranges_asked[0] == "bytes=0-0"
    assert [request.headers.get("if-range") for request in server.requests[1:]] == ['"one"'] * (
        len(server.requests) - 1
    )


def test_within_the_origin_credentials_stay(server: ArchiveServer) -> None:
    server.script(redirect("/elsewhere/db.tar"))
    with opened(_with_user(server.url)) as source:
        assert source.identity().size == len(CONTENT)
    assert [request.headers.get("authorization") for request in server.requests] == [BASIC, BASIC]
    assert server.requests[1].path == "/elsewhere/db.tar"


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/archives/db.tar?secret", "more than 5 times"),
        ("ftp://example.com/secret", "redirects to what is no address"),
        ("file:///etc/secret", "redirects to what is no address"),
        ("http://127.0.0.1:secret/", "redirects to what is no address"),
        ("http://[secret", "redirects to what is no address"),
        ("http://" + "secret" * 50 + "/", "redirects to what is no address"),
    ],
)
def test_a_redirect_to_nowhere(
    server: ArchiveServer, location: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bootstrap_monitor")
    server.otherwise = redirect(location)
    with opened(server.url) as source, pytest.raises(MonitorError) as raised:
        source.identity()
    assert told in raised.value.what
    assert "secret" not in raised.value.diagnostics() + caplog.text


def test_a_redirect_out_of_tls_is_refused(server: ArchiveServer) -> None:
    with ArchiveServer(CONTENT, tls=True) as front:
        with opened(front.url, connections=3) as source:
            assert b"".join(source.read()) == CONTENT
        front.otherwise = redirect(server.url)
        with opened(front.url) as source, pytest.raises(ConfigurationError, match="from https to http") as raised:
            source.identity()
    assert raised.value.reason == "SourceRefused"
    assert server.requests == []


def test_a_redirect_into_tls_is_followed(server: ArchiveServer) -> None:
    with ArchiveServer(CONTENT, tls=True) as behind:
        server.otherwise = redirect(behind.url)
        with opened(server.url) as source:
            assert b"".join(source.read()) == CONTENT


def test_a_certificate_that_is_not_trusted_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with (
        ArchiveServer(CONTENT, tls=True) as server,
        opened(server.url) as source,
        pytest.raises(ConfigurationError, match="certificate is not trusted") as raised,
    ):
        source.identity()
    assert "SSL_CERT_FILE" in raised.value.do
    assert server.requests == []


def test_the_environments_proxy_is_asked_but_not_for_loopback(
    server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/archives/db.tar"))
    with opened("http://archives.example/db.tar") as source:
        assert source.identity().size == len(CONTENT)
    assert server.requests[0].target == "http://archives.example/db.tar"
    monkeypatch.setenv("HTTP_PROXY", refusing_url())
    with opened(server.url) as source:
        assert source.identity().size == len(CONTENT)


def test_tls_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with ArchiveServer(CONTENT, tls=True) as behind, Tunnel(behind.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@127.0.0.1:{proxy.port}")
        with opened("https://archives.example/db.tar") as source, pytest.raises(ConfigurationError) as raised:
            source.identity()
    assert "its certificate is not trusted" in raised.value.what  # which is that of 127.0.0.1
    assert proxy.asked.startswith(b"CONNECT archives.example:443 HTTP/1.")
    assert f"Proxy-Authorization: {BASIC}".encode() in proxy.asked


@pytest.mark.parametrize(
    ("variable", "value"), [("HTTPS_PROXY", "rubbish://secret"), ("SSL_CERT_FILE", "/nonexistent/secret.pem")]
)
def test_an_environment_that_cannot_be_used(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with opened("https://archives.example/db.tar") as source, pytest.raises(ConfigurationError) as raised:
        source.identity()
    assert variable in raised.value.do
    assert "secret" not in raised.value.diagnostics()


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize(
    "trouble",
    [
        status(401),
        status(403),
        status(404),
        status(418),
        status(412),
        status(503),
        status(302),
        redirect(f"/?{SECRET}"),
        redirect(f"gopher://{SECRET}/"),
        redirect(f"http://127.0.0.1:{SECRET}/"),
        redirect(f"http://127.0.0.1:1/?{SECRET}"),  # nobody listens there
        cut(0),
        silent(),
        with_headers(ETag=f'"{SECRET}"'),
        with_headers(Content_Range=SECRET),
        with_headers(Content_Encoding=SECRET),
        with_headers(Content_Length=SECRET),
    ],
    ids=lambda trouble: f"{trouble.status or ''}{dict(trouble.headers)}{trouble.cut_after}",
)
def test_no_error_and_no_log_has_a_secret(
    server: ArchiveServer, trouble: Behaviour, connections: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bootstrap_monitor")
    told: list[str] = []
    with opened(
        f"{_with_user(server.url)}?sig={SECRET}#{SECRET}", connections=connections, read_stall=SHORT / 6
    ) as source:
        server.script(Behaviour(), cut(1000))
        server.decide = lambda request: trouble if len(server.requests) < 20 else status(404)
        try:
            b"".join(source.read())
        except (ConfigurationError, TransientError) as error:
            told += [error.diagnostics(), repr(error), *traceback.format_exception(error)]
    told += [source.name, caplog.text]
    assert server.url in source.name
    assert SECRET not in "".join(told)
