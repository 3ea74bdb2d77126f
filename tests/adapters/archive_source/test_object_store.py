"""What a store is asked, and what its answers mean. A real server's own answers are of e2e/object_store."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest

from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.errors import SourceChanged, Terminated
from tests.adapters.archive_source.stores import (
    CHANGED,
    CONTENT,
    CREDENTIALS,
    ETAG,
    IDENTITY,
    KEY,
    Serve,
    begun,
    partial,
    ranges,
)
from tests.support.http_server import Handler, ScriptedServer, Step, answer, hang

pytestmark = pytest.mark.usefixtures("environment")


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
    ("endpoint", "before"),
    [
        pytest.param("AWS_CONTAINER_CREDENTIALS_FULL_URI", [], id="of the pod"),
        pytest.param("AWS_METADATA_ENDPOINT", [answer(200, b"token"), answer(200, b"role")], id="of the machine"),
    ],
)
def test_credentials_of_an_identity(
    endpoint: str, before: list[Step], serve: Serve, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in CREDENTIALS:
        environment.delenv(name)
    given = {"AccessKeyId": "given", "SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"}
    (tmp_path / "token").write_text("token")
    environment.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    with ScriptedServer(*before, answer(200, given)) as identity:
        environment.setenv(endpoint, identity.url)
        server = serve(partial(CONTENT[:1]))
        assert ranges().resolve() == IDENTITY
    assert "Credential=given/" in server.requests[0].headers["authorization"]


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
