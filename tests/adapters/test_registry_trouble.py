"""A registry that is away, throttles, redirects, lies: it cannot tell, and says why; soon, and without secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest
import respx

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from bootstrap_monitor.core.registry.insecure import InsecureRegistry
from bootstrap_monitor.timings import REGISTRY_ATTEMPTS, REGISTRY_TOTAL_SECONDS
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, Step, answer, chunked, hang, raw, refusing_url, reset
from tests.support.registry import BAD, DIGEST_HEADER, PATH, Store, by_method, image, index, reference

FINE = answer(200, b"", {DIGEST_HEADER: image().digest})
BOUND_SECONDS = REGISTRY_TOTAL_SECONDS + 1
ENCRYPTED = image_reference.parse("registry.example/a")
URL = "https://registry.example/v2/a/manifests/latest"


def trouble(image_text: str, clock: FakeClock | None = None, read_seconds: float = 60) -> CannotTell:
    with pytest.raises(CannotTell) as caught:
        Registry(clock or FakeClock(), timeout=(60, read_seconds)).digest(image_reference.parse(image_text))
    return caught.value


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD)
def test_whatever_a_registry_does_it_is_told_as_one_error(step: Step, reason: Reason) -> None:
    clock = FakeClock()
    with ScriptedServer(step) as server:
        error = trouble(str(reference(server)), clock)

    assert error.reason == reason
    assert f"the registry `127.0.0.1:{server.port}`" in error.what
    assert sum(clock.sleeps) <= BOUND_SECONDS
    assert len(server.requests) <= 3 * REGISTRY_ATTEMPTS + 6


@pytest.mark.parametrize(("step", "reason"), BAD.values(), ids=BAD)
def test_nor_does_it_tell_what_an_index_lists(step: Step, reason: Reason) -> None:
    with ScriptedServer(step) as server, pytest.raises(CannotTell):
        Registry(FakeClock()).listed(reference(server).with_digest(index(image()).digest))


def test_a_registry_that_nobody_listens_for_is_unreachable() -> None:
    address, clock = refusing_url().removeprefix("http://"), FakeClock()
    error = trouble(f"{address}/{PATH}", clock)
    assert clock.sleeps == [], "nobody listens a second later either"
    assert error.reason == Reason.UNREACHABLE
    assert error.what == f"the registry `{address}` gave no usable answer: ConnectError: [Errno 111] Connection refused"


NO_ADDRESSES = ["registry.invalid", "registry.invalid:5000", "127.0.0.1:99999", f"{'a' * 70}.b"]


@pytest.mark.parametrize("name", NO_ADDRESSES)
def test_a_name_or_port_that_cannot_be_is_cannot_tell(name: str) -> None:
    assert trouble(f"{name}/{PATH}").reason in {Reason.UNREACHABLE, Reason.MALFORMED_ANSWER}


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n"], ids=["at once", "in its headers"])
def test_one_that_accepts_and_is_silent_is_left_after_the_read_timeout(start: bytes) -> None:
    with ScriptedServer(hang(start)) as server:
        error = trouble(str(reference(server)), read_seconds=0.2)

    assert (error.reason, len(server.requests)) == (Reason.UNREACHABLE, 1)
    assert "ReadTimeout" in error.what


def test_a_body_that_comes_too_slowly_is_left() -> None:
    clock = FakeClock()

    def drip() -> Iterator[bytes]:
        for _ in range(1000):
            clock.advance(9)  # each less than the read timeout
            yield b" "

    with ScriptedServer(by_method(answer(200), chunked(drip()))) as server:
        error = trouble(str(reference(server)), clock)

    assert error.what.endswith("gave no complete answer in time")


def test_a_certificate_that_nobody_vouches_for_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.0.0.0 is this machine, and no loopback name: it is asked over TLS."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with ScriptedServer(FINE, tls=True) as server:
        error = trouble(f"0.0.0.0:{server.port}/{PATH}")

    assert error.reason == Reason.UNREACHABLE
    assert "CERTIFICATE_VERIFY_FAILED" in error.what
    assert "--insecure-registry" in error.check


def test_a_registry_without_tls_is_not_asked_without_being_told_so() -> None:
    with ScriptedServer(FINE) as server:
        error = trouble(f"0.0.0.0:{server.port}/{PATH}")

    assert (error.reason, server.requests) == (Reason.UNREACHABLE, [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("failures", [1, REGISTRY_ATTEMPTS - 1])
def test_what_passes_is_tried_again(status: int, failures: int) -> None:
    clock = FakeClock()
    with ScriptedServer(*[answer(status)] * failures, FINE) as server:
        assert Registry(clock).digest(reference(server)) == image().digest

    assert len(clock.sleeps) == failures


def test_a_connection_that_is_reset_is_tried_again() -> None:
    with ScriptedServer(reset(), FINE) as server:
        assert Registry(FakeClock()).digest(reference(server)) == image().digest


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_stays_is_asked_once(status: int) -> None:
    clock = FakeClock()
    with ScriptedServer(answer(status)) as server:
        trouble(str(reference(server)), clock)

    assert (len(server.requests), clock.sleeps) == (1, [])


RETRY_AFTER: list[tuple[str, float]] = [
    ("7", 7),
    ("0", 0),
    ("Fri, 02 Jan 2026 03:04:14 GMT", 9),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("soon", 0),
]


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER)
def test_a_throttled_question_waits_as_told(value: str, seconds: float) -> None:
    clock = FakeClock()
    with ScriptedServer(answer(429, b"", {"Retry-After": value}), FINE) as server:
        assert Registry(clock).digest(reference(server)) == image().digest

    (slept,) = clock.sleeps
    assert seconds <= slept <= seconds + 2


@pytest.mark.parametrize("value", ["21", "3600", "9" * 400, "Sat, 01 Jan 2099 00:00:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_to_wait_for_long_does_not(status: int, value: str) -> None:
    """The next look is in minutes anyway."""
    clock = FakeClock()
    with ScriptedServer(answer(status, b"", {"Retry-After": value})) as server:
        trouble(str(reference(server)), clock)

    assert (len(server.requests), clock.sleeps) == (1, [])


def test_tries_are_no_warnings(caplog: pytest.LogCaptureFixture) -> None:
    """Who asks tells of the trouble, once."""
    with caplog.at_level(logging.INFO), ScriptedServer(answer(503)) as server:
        trouble(str(reference(server)))

    assert [record for record in caplog.records if record.name.startswith("bootstrap_monitor")] == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    with (
        ScriptedServer(FINE) as elsewhere,
        ScriptedServer(answer(status, b"", {"Location": f"{elsewhere.url}/there"})) as server,
    ):
        assert Registry(FakeClock()).digest(reference(server)) == image().digest

    assert [(request.method, request.path) for request in elsewhere.requests] == [("HEAD", "/there")]


def test_a_redirect_out_of_tls_is_not_followed() -> None:
    with respx.mock:
        respx.head(URL).mock(httpx.Response(307, headers={"Location": "http://registry.example/v2/"}))
        with pytest.raises(CannotTell) as caught:
            Registry(FakeClock()).digest(ENCRYPTED)

    assert caught.value.what == "the registry `registry.example` redirects from https to http"


@pytest.mark.parametrize("redirects", [5, 6])
def test_redirects_are_bounded(redirects: int) -> None:
    steps = [answer(307, b"", {"Location": f"/{number}"}) for number in range(redirects)]
    with ScriptedServer(*steps, FINE) as server:
        if redirects == 5:
            assert Registry(FakeClock()).digest(reference(server)) == image().digest
        else:
            assert "redirects more than 5 times" in trouble(str(reference(server))).what


SECRETS = {
    "in a redirect": answer(307, b"", {"Location": "http://me:secret@127.0.0.1:1/x?sig=secret"}),
    "in a redirect to no address": answer(307, b"", {"Location": "http://[secret"}),
    "in a realm": answer(401, b"", {"WWW-Authenticate": 'Bearer realm="http://me:secret@127.0.0.1:1/x?key=secret"'}),
    "in a realm out of HTTP": answer(401, b"", {"WWW-Authenticate": 'Bearer realm="secret://secret"'}),
    "in a body and a cookie": answer(500, b"secret", {"Set-Cookie": "secret"}),
    "in a line that is no header": raw(b"HTTP/1.1 200 OK\r\nsecret\r\n\r\n"),
    "in a digest": answer(200, b"secret", {DIGEST_HEADER: "secret"}),
}


@pytest.mark.parametrize("step", SECRETS.values(), ids=SECRETS)
def test_nothing_secret_is_told(step: Step, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="bootstrap_monitor"), ScriptedServer(step) as server:
        error = trouble(str(reference(server)))

    told = error.diagnostics() + "".join(r.getMessage() for r in caplog.records if r.name.startswith("bootstrap"))
    assert "secret" not in told


def test_the_environments_proxy_is_used_but_not_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(FINE) as proxy, ScriptedServer(Store({"latest": image("direct")})) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        subject = Registry(FakeClock())
        assert subject.digest(reference(server)) == image("direct").digest
        assert proxy.requests == []
        assert (
            Registry(FakeClock(), [InsecureRegistry("registry.local")]).digest(
                image_reference.parse("registry.local/a")
            )
            == image().digest
        )

    assert proxy.requests[0].target == "http://registry.local/v2/a/manifests/latest"


@pytest.mark.parametrize("proxy", ["nonsense://me:secret@x", "http://[", "socks5://me:secret@127.0.0.1:1"])
def test_proxy_variables_that_are_not_usable_are_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    error = trouble("registry.example/a")
    assert error.reason == Reason.UNREACHABLE
    assert "secret" not in error.diagnostics()


def test_a_certificate_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    assert trouble("registry.example/a").reason == Reason.UNREACHABLE
