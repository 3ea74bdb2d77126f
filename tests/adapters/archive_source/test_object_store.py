"""What a store is asked, and what its answers mean. A real server's own answers are of e2e/object_store."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import unquote

import pytest

from bootstrap_monitor.adapters.archive_source.object_store import ObjectStoreRanges
from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.errors import ConfigurationError, MonitorError, SourceChanged, Terminated
from tests.support.http_server import Handler, ScriptedServer, Step, answer, hang, raw, refusing_url, reset

ETAG = '"2b1e"'
CHANGED = "Sat, 21 Nov 2026 10:00:00 GMT"
CONTENT = bytes(range(256)) * 4
IDENTITY = Identity(len(CONTENT), ETAG, CHANGED)
SECRET = "s3cr3t"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET}
KEY = "a%20b/db.tar.zst"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """With credentials, and with nothing else that stores or connections heed."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "AZURE_", "GOOGLE_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


Serve = Callable[..., ScriptedServer]


@pytest.fixture
def serve(environment: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server that is the endpoint of S3."""
    with ExitStack() as stack:

        def start(*steps: Step) -> ScriptedServer:
            server = stack.enter_context(ScriptedServer(*steps))
            environment.setenv("AWS_ENDPOINT_URL", server.url)
            return server

        yield start


def ranges(text: str = f"s3://bucket/{KEY}", *, stall: timedelta = timedelta(minutes=1)) -> ObjectStoreRanges:
    return ObjectStoreRanges(source_name.parse(text), stall)


def partial(content: bytes = CONTENT, start: int = 0, *, total: int = len(CONTENT), etag: str = ETAG) -> Step:
    """The answer that ``content``, which begins at ``start``, is part of the object."""
    of = f"bytes {start}-{start + len(content) - 1}/{total}"
    return answer(206, content, {"Content-Range": of, "ETag": etag, "Last-Modified": CHANGED})


def begun(content: bytes, *, length: int = len(CONTENT)) -> bytes:
    """An answer with all of the object, in a body of ``length`` bytes, of which ``content`` comes."""
    head = [f"Content-Range: bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}", f"ETag: {ETAG}", f"Last-Modified: {CHANGED}"]
    return "\r\n".join(["HTTP/1.1 206 Partial Content", f"Content-Length: {length}", *head, "", ""]).encode() + content


def test_resolved_by_one_byte_of_the_object(serve: Serve, environment: pytest.MonkeyPatch) -> None:
    server = serve(partial(CONTENT[:1]))
    environment.setenv("AWS_REGION", "eu-north-1")
    assert ranges().resolve() == IDENTITY
    asked = server.requests[0]
    assert (asked.method, asked.target, asked.headers["range"]) == ("GET", f"/bucket/{KEY}", "bytes=0-0")
    assert "/eu-north-1/s3/aws4_request" in asked.headers["authorization"]


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3"])
def test_endpoint_of_the_environment(variable: str, environment: pytest.MonkeyPatch) -> None:
    with ScriptedServer(partial(CONTENT[:1])) as server:
        environment.setenv(variable, server.url)
        assert ranges("s3a://bucket/db.tar").resolve() == IDENTITY
    assert server.requests[0].target == "/bucket/db.tar"


def test_unsigned_where_the_bucket_is_public(serve: Serve, environment: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        environment.delenv(name)
    environment.setenv("AWS_SKIP_SIGNATURE", "true")
    server = serve(partial(CONTENT[:1]))
    assert ranges().resolve() == IDENTITY
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("text", "endpoint", "target"),
    [
        pytest.param("gs://bucket/a/db.tar", "GOOGLE_BASE_URL", "/bucket/a/db.tar", id="Google"),
        pytest.param("az://container/a/db.tar", "AZURE_STORAGE_ENDPOINT", "/container/a/db.tar", id="Azure"),
        pytest.param(
            "abfss://container@account.dfs.core.windows.net/a/db.tar",
            "AZURE_STORAGE_ENDPOINT",
            "/container/a/db.tar",
            id="Azure, with its account",
        ),
    ],
)
def test_other_stores(text: str, endpoint: str, target: str, environment: pytest.MonkeyPatch) -> None:
    if text.startswith("az:"):
        environment.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    for store in ("AZURE", "GOOGLE"):
        environment.setenv(f"{store}_SKIP_SIGNATURE", "true")
    with ScriptedServer(partial(CONTENT[:1])) as server:
        environment.setenv(endpoint, server.url)
        assert ranges(text).resolve() == IDENTITY
    assert unquote(server.requests[0].target) == target


@pytest.mark.parametrize(
    ("start", "stop", "asked"),
    [
        pytest.param(0, None, "bytes=0-1023", id="all"),
        pytest.param(10, None, "bytes=10-1023", id="the rest"),
        pytest.param(10, 20, "bytes=10-19", id="within"),
        pytest.param(1000, 2000, "bytes=1000-1023", id="beyond the end"),
    ],
)
def test_reads_of_the_resolved_object(serve: Serve, start: int, stop: int | None, asked: str) -> None:
    server = serve(partial(CONTENT[start:stop], start))
    assert b"".join(ranges().open(IDENTITY, start, stop)) == CONTENT[start:stop]
    assert (server.requests[0].headers["range"], server.requests[0].headers["if-match"]) == (asked, ETAG)


def test_known_by_its_time_where_it_has_no_strong_tag(serve: Serve) -> None:
    server = serve(partial(etag='W/"1"'))
    assert b"".join(ranges().open(Identity(len(CONTENT), 'W/"1"', CHANGED), 0, None)) == CONTENT
    assert "if-match" not in server.requests[0].headers
    assert server.requests[0].headers["if-unmodified-since"] == CHANGED


def test_nothing_is_asked_for_an_empty_range() -> None:
    assert list(ranges().open(IDENTITY, len(CONTENT), None)) == []


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer(412, b"<Code>PreconditionFailed</Code>"), id="If-Match fails"),
        pytest.param(partial(etag='"another"'), id="another tag, If-Match not heeded"),
        pytest.param(partial(total=len(CONTENT) + 1), id="another size"),
    ],
)
def test_replaced_meanwhile(serve: Serve, step: Step) -> None:
    serve(step)
    with pytest.raises(SourceChanged):
        list(ranges().open(IDENTITY, 0, None))


@pytest.mark.parametrize(
    ("step", "reason", "said"),
    [
        pytest.param(answer(401), "SourceForbidden", "401", id="401"),
        pytest.param(answer(403, b"<Code>SignatureDoesNotMatch</Code>"), "SourceForbidden", "403, Signature", id="403"),
        pytest.param(answer(400, b"<Code>ExpiredToken</Code>"), "SourceForbidden", "ExpiredToken", id="expired token"),
        pytest.param(answer(404, b"<Code>NoSuchBucket</Code>"), "SourceNotFound", "404, NoSuchBucket", id="404"),
        pytest.param(answer(410), "SourceNotFound", "410", id="410"),
        pytest.param(answer(400, b"<Code>BadRegion</Code>"), "SourceRefused", "400, BadRegion", id="400"),
        pytest.param(answer(409), "SourceRefused", "409", id="409"),
        pytest.param(answer(301), "SourceRefused", "another region", id="a redirect to nowhere"),
        pytest.param(answer(200, CONTENT), "SourceRefused", "no ranges", id="200 to a range"),
    ],
)
def test_refused(serve: Serve, step: Step, reason: str, said: str) -> None:
    serve(step)
    for use in (ranges().resolve, lambda: list(ranges().open(IDENTITY, 0, None))):
        with pytest.raises(ConfigurationError, match=said) as caught:
            use()
        assert caught.value.reason == reason
        assert caught.value.do


@pytest.mark.parametrize(
    ("step", "said"),
    [
        pytest.param(answer(408), "408", id="408"),
        pytest.param(answer(429), "429", id="429"),
        pytest.param(answer(500), "500", id="500"),
        pytest.param(answer(503, b"<Code>SlowDown</Code>"), "503", id="503"),
        pytest.param(reset(), "was cut", id="reset"),
        pytest.param(raw(b""), "no usable answer", id="closed"),
        pytest.param(raw(b"<html>"), "no usable answer", id="no HTTP"),
        pytest.param(hang(), "stands still", id="silent"),
        pytest.param(raw(begun(CONTENT[:500])), "was cut", id="cut"),
        pytest.param(hang(begun(CONTENT[:500])), "stands still", id="stands still"),
        pytest.param(raw(begun(CONTENT[:500], length=500)), "after 500 of 1024", id="less than the range"),
        pytest.param(raw(begun(CONTENT + b"more", length=1028)), "more bytes", id="more than the range"),
        pytest.param(answer(206, CONTENT), "no usable answer", id="a part without a place"),
    ],
)
def test_worth_another_try(serve: Serve, step: Step, said: str) -> None:
    server = serve(step)
    with pytest.raises(TryLater, match=said):
        list(ranges(stall=timedelta(seconds=0.3)).open(IDENTITY, 0, None))
    assert len(server.requests) == 1  # who reads tries again, and nobody else


def test_nobody_listens(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", refusing_url())
    with pytest.raises(TryLater, match="connection is refused"):
        ranges().resolve()


@pytest.mark.parametrize("reading", [False, True], ids=["at the start", "while reading"])
def test_nobody_gives_credentials(environment: pytest.MonkeyPatch, reading: bool) -> None:
    """A machine without an identity is told at once; one that had it will have it again."""
    for name in CREDENTIALS:
        environment.delenv(name)
    environment.setenv("AWS_METADATA_ENDPOINT", refusing_url())
    with pytest.raises(MonitorError, match="no credentials") as caught:
        list(ranges().open(IDENTITY, 0, None)) if reading else ranges().resolve()
    assert isinstance(caught.value, TryLater if reading else ConfigurationError)


@pytest.mark.parametrize(
    "endpoint", ["", "store:9000", "http://", "ftp://store", "http://st ore", "http://store:99999"]
)
def test_endpoint_that_is_no_address(environment: pytest.MonkeyPatch, endpoint: str) -> None:
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL is not an address"):
        ranges().resolve()


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        pytest.param("az://container/db.tar", {}, id="no account"),
        pytest.param("s3://bucket/db.tar", {"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "perhaps"}, id="no boolean"),
        pytest.param("s3://buc ket/db.tar", {}, id="no bucket"),
        pytest.param("s3://bucket/a/../db.tar", {}, id="no key"),
    ],
)
def test_settings_that_are_not_usable(text: str, variables: dict[str, str], environment: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match="not usable"):
        ranges(text).resolve()


@pytest.mark.parametrize(
    "step",
    [answer(403, SECRET.encode()), answer(503, SECRET.encode()), answer(302, b"", {"Location": f"ftp://x/?{SECRET}"})],
    ids=["refused", "later", "redirected"],
)
def test_no_error_quotes_what_may_be_secret(environment: pytest.MonkeyPatch, step: Step) -> None:
    with ScriptedServer(step) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.url.replace("://", f"://user:{SECRET}@"))
        with pytest.raises(MonitorError) as caught:
            ranges(f"s3://{SECRET}@bucket/db.tar?{SECRET}").resolve()
    assert SECRET not in caught.value.diagnostics()
    assert caught.value.__suppress_context__


def test_a_stream_that_is_closed_takes_its_connection_along(serve: Serve) -> None:
    gone = threading.Event()

    def endless(handler: Handler) -> None:
        handler.wfile.write(begun(b"").replace(b"1024", b"1" * 15).replace(b"1023", b"1" * 14 + b"0"))
        try:
            while True:
                handler.wfile.write(bytes(1 << 16))
        except OSError:
            gone.set()

    serve(endless)
    stream = ranges().open(Identity(None, ETAG, CHANGED), 0, 10**15 // 9)
    assert len(next(stream)) >= 256 * 1024
    stream.close()
    assert gone.wait(60)


def test_closed_while_reading(serve: Serve) -> None:
    serve(partial())
    source = ranges()
    stream = source.open(IDENTITY, 0, None)
    source.close()
    with pytest.raises(TryLater, match="closed"):
        next(stream)


def test_sigterm_does_not_wait_for_a_silent_store(serve: Serve) -> None:
    asked = threading.Event()

    def silent(handler: Handler) -> None:
        asked.set()
        hang()(handler)

    def terminate() -> None:
        asked.wait(60)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def handle(_number: int, _frame: object) -> None:
        raise Terminated

    serve(silent)
    before = signal.signal(signal.SIGTERM, handle)
    try:
        threading.Thread(target=terminate, daemon=True).start()
        with pytest.raises(Terminated):
            ranges().resolve()
    finally:
        signal.signal(signal.SIGTERM, before)
