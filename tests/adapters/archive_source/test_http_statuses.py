"""Every status, at each of the moments at which a server may answer with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bootstrap_monitor.errors import ConfigurationError, SourceChanged, TransientError
from tests.adapters.archive_source.opened import CONNECTIONS, CONTENT, opened
from tests.support.archive_server import ArchiveServer, Behaviour, cut, status
from tests.support.clock import START, FakeClock
from tests.support.http_server import Request

PASSING = (408, 425, 429, 500, 502, 503, 504)
FOR_A_PERSON = {
    202: "SourceRefused",
    300: "SourceRefused",
    302: "SourceRefused",  # without a Location
    400: "SourceRefused",
    401: "SourceForbidden",
    403: "SourceForbidden",
    404: "SourceNotFound",
    405: "SourceRefused",
    410: "SourceNotFound",
    451: "SourceRefused",
}
MOMENTS: dict[str, list[Behaviour]] = {
    "resolve": [],
    "open": [Behaviour()],
    "mid-stream": [Behaviour(), cut(1000), cut(1000), cut(1000)],
}


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("before", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("code", PASSING)
def test_a_passing_status_is_tried_again(
    server: ArchiveServer, code: int, before: list[Behaviour], connections: int
) -> None:
    server.script(*before, status(code), status(code))
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read()) == CONTENT


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("before", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("code", FOR_A_PERSON)
def test_a_lasting_status_is_for_a_person(
    server: ArchiveServer, code: int, before: list[Behaviour], connections: int
) -> None:
    server.script(*before)
    server.otherwise = status(code)
    with opened(server.url, connections=connections) as source, pytest.raises(ConfigurationError) as raised:
        b"".join(source.read())
    assert raised.value.reason == FOR_A_PERSON[code]
    assert str(code) in raised.value.what
    assert raised.value.check
    assert raised.value.do


@pytest.mark.parametrize("code", [412, 416])
def test_a_condition_that_fails_says_that_the_object_is_another_one(server: ArchiveServer, code: int) -> None:
    with opened(server.url) as source:
        source.identity()
        server.otherwise = status(code)
        with pytest.raises(SourceChanged):
            b"".join(source.read())


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_a_signed_address_that_expires_is_told_with_advice(server: ArchiveServer, connections: int) -> None:
    def expired(request: Request) -> Behaviour | None:
        return status(403) if len(server.requests) > 4 else cut(1000)

    server.script(Behaviour())
    server.decide = expired
    signed = f"{server.url}?X-Amz-Signature=secret"
    with opened(signed, connections=connections) as source, pytest.raises(ConfigurationError) as raised:
        b"".join(source.read())
    assert raised.value.reason == "SourceForbidden"
    assert "expires" in raised.value.check
    assert "signed anew" in raised.value.do


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("asked", ["90", "Fri, 02 Jan 2026 03:05:35 GMT"])
def test_retry_after_is_honoured(server: ArchiveServer, code: int, asked: str) -> None:
    clock = FakeClock()
    with opened(server.url, clock=clock) as source:
        server.script(status(code, Retry_After=asked))
        source.identity()
    assert (clock.now() - START).total_seconds() == pytest.approx(90)


def test_who_asks_for_more_time_than_there_is_gets_none(server: ArchiveServer) -> None:
    clock = FakeClock()
    server.otherwise = status(503, Retry_After="3600")
    with opened(server.url, clock=clock) as source, pytest.raises(TransientError) as raised:
        source.identity()
    assert raised.value.reason == "SourceUnreachable"
    assert clock.sleeps == []


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_without_a_byte_for_the_budget_it_is_given_up(server: ArchiveServer, connections: int) -> None:
    clock = FakeClock()
    server.script(Behaviour(), *[cut(1000)] * connections)
    server.otherwise = status(503)
    with (
        opened(server.url, connections=connections, clock=clock, retry_budget=timedelta(minutes=5)) as source,
        pytest.raises(TransientError) as raised,
    ):
        b"".join(source.read())
    assert raised.value.reason == "SourceUnreachable"
    assert "since 2026-01-02 03:04:" in raised.value.what
    assert "status 503" in raised.value.what
    # Each thread may let a second pass that another one has seen to pass already.
    assert 240 < (clock.now() - START).total_seconds() <= 300 + connections


def test_the_budget_begins_anew_with_each_byte(server: ArchiveServer) -> None:
    clock = FakeClock()

    def slow_and_cut(request: Request) -> Behaviour:
        clock.advance(200)
        return cut(len(CONTENT) // 10)

    with opened(server.url, clock=clock, retry_budget=timedelta(minutes=5)) as source:
        source.identity()
        server.decide = slow_and_cut
        assert b"".join(source.read()) == CONTENT
    assert (clock.now() - START).total_seconds() > 2000


def test_who_reads_slowly_uses_up_no_budget(server: ArchiveServer) -> None:
    clock = FakeClock()
    server.script(Behaviour(), cut(1000))
    with opened(server.url, clock=clock, retry_budget=timedelta(minutes=5)) as source:
        chunks = source.read()
        first = next(chunks)
        clock.advance(3600)
        assert first + b"".join(chunks) == CONTENT
