"""Reading an object of a real server: who may, and what happens when it is cut or replaced."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from bootstrap_monitor.adapters.archive_source.opening import open_source
from bootstrap_monitor.clock import SystemClock
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.source import Source
from bootstrap_monitor.errors import ConfigurationError, SourceChanged, TransientError
from e2e.object_store.s3_server import ACCESS_KEY, SECRET_KEY, S3Server

MIB = 1024 * 1024
CONTENT = random.Random(6).randbytes(96 * MIB)
"""Larger than what the pieces ahead of the reader and the buffers of connections hold."""
BOTH_WAYS = pytest.mark.parametrize("connections", [1, 4], ids=["one stream", "pieces"])


def source(address: str, connections: int = 1, *, retry_budget: timedelta = timedelta(minutes=1)) -> Source:
    return open_source(
        source_name.parse(address),
        connections=connections,
        read_stall=timedelta(seconds=30),
        retry_budget=retry_budget,
        clock=SystemClock(),
    )


def read(opened: Source, into: bytearray, halfway: Callable[[], None] = lambda: None) -> None:
    """All of it; ``halfway`` something happens."""
    chunks = opened.read()
    into += next(chunks)
    halfway()
    for chunk in chunks:
        into += chunk


def assert_is_content(got: bytearray, length: int = len(CONTENT)) -> None:
    same = got == CONTENT[:length]  # nobody wants to see how they differ
    assert same


@BOTH_WAYS
def test_read_byte_for_byte(server: S3Server, connections: int) -> None:
    with closing(source(server.put("whole", CONTENT), connections)) as opened:
        identity = opened.identity()
        assert (identity.size, bool(identity.etag)) == (len(CONTENT), True)
        got = bytearray()
        read(opened, got)
        assert_is_content(got)
        assert b"".join(opened.read(len(CONTENT) - 5)) == CONTENT[-5:]
        assert opened.read_range(7 * MIB, 7 * MIB + 3) == CONTENT[7 * MIB : 7 * MIB + 3]


@pytest.mark.parametrize(
    ("variables", "address", "reason", "said"),
    [
        pytest.param({"AWS_SECRET_ACCESS_KEY": "w"}, "", "SourceForbidden", "SignatureDoesNotMatch", id="wrong secret"),
        pytest.param({"AWS_ACCESS_KEY_ID": "who"}, "", "SourceForbidden", "UserNotFound", id="unknown key"),
        pytest.param({"AWS_SKIP_SIGNATURE": "true"}, "", "SourceForbidden", "AccessDenied", id="not signed"),
        pytest.param({}, "s3://nobodys/there", "SourceNotFound", "NoSuchBucket", id="no such bucket"),
        pytest.param({}, "s3://archives/nowhere", "SourceNotFound", "NoSuchKey", id="no such key"),
        pytest.param({"AWS_REGION": "eu-north-1"}, "", "SourceRefused", "Authorization", id="wrong region"),
    ],
)
def test_refused_at_once(
    server: S3Server, variables: dict[str, str], address: str, reason: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = server.put("there", b"here I am")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with closing(source(address or there)) as opened, pytest.raises(ConfigurationError, match=said) as caught:
        opened.identity()
    assert caught.value.reason == reason
    assert SECRET_KEY not in caught.value.diagnostics()
    assert ACCESS_KEY not in caught.value.what


@BOTH_WAYS
def test_goes_on_where_a_killed_server_left_off(server: S3Server, connections: int) -> None:
    def restart() -> None:
        server.kill()
        server.start()

    got = bytearray()
    with closing(source(server.put("cut", CONTENT), connections)) as opened:
        read(opened, got, restart)
    assert_is_content(got)


@BOTH_WAYS
def test_replaced_in_mid_stream(server: S3Server, connections: int) -> None:
    """What is read was of the old object, to the last byte."""

    def replace() -> None:
        server.put("latest", bytes(len(CONTENT)))
        server.kill()
        server.start()

    got = bytearray()
    with closing(source(server.put("latest", CONTENT), connections)) as opened, pytest.raises(SourceChanged):
        read(opened, got, replace)
    assert 0 < len(got) < len(CONTENT)
    assert_is_content(got, len(got))


def test_server_that_stays_away(server: S3Server) -> None:
    address = server.put("away", CONTENT)
    with closing(source(address, retry_budget=timedelta(seconds=1))) as opened:
        opened.identity()
        server.kill()
        with pytest.raises(TransientError, match="the connection is refused") as caught:
            list(opened.read())
    assert caught.value.reason == "SourceUnreachable"
