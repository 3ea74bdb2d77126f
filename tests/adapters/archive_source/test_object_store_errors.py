"""What goes wrong with a store, in terms of what a person does next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.errors import ConfigurationError, MonitorError
from tests.adapters.archive_source.stores import (
    CONTENT,
    CREDENTIALS,
    IDENTITY,
    SECRET,
    Serve,
    begun,
    ranges,
)
from tests.support.http_server import ScriptedServer, Step, answer, hang, raw, refusing_url, reset

pytestmark = pytest.mark.usefixtures("environment")


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
