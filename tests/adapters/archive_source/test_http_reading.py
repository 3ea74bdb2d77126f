"""Reading an archive to its end over connections that are cut, stand still, or were never good."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
from datetime import timedelta

import pytest

from bootstrap_monitor.errors import SourceChanged, TransientError
from tests.adapters.archive_source.opened import CONNECTIONS, CONTENT, LONG, PIECE_BYTES, SHORT, opened
from tests.support.archive_server import ArchiveServer, Behaviour, cut, silent, with_headers
from tests.support.archives import assert_threads_end
from tests.support.http_server import Request, refusing_url

CUTS = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, len(CONTENT) - 1)
MIB = 1024 * 1024


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("start", [0, 1, PIECE_BYTES, len(CONTENT) - 1, len(CONTENT)])
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_all_of_it_from_any_byte(server: ArchiveServer, ranges: bool, start: int, connections: int) -> None:
    server.ranges = ranges
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read(start)) == CONTENT[start:]


def test_from_beyond_its_end(server: ArchiveServer) -> None:
    with opened(server.url) as source, pytest.raises(SourceChanged):
        next(source.read(len(CONTENT) + 1))


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
@pytest.mark.parametrize("after", CUTS)
def test_a_cut_goes_on_at_its_byte(
    server: ArchiveServer, after: int, ranges: bool, reset: bool, connections: int
) -> None:
    server.ranges = ranges
    server.script(Behaviour(), cut(after, reset=reset), cut(after // 2, reset=reset))
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read()) == CONTENT


def test_after_a_cut_only_the_rest_is_asked_for(server: ArchiveServer) -> None:
    with opened(server.url) as source:
        server.script(Behaviour(), cut(1000), cut(500))
        assert b"".join(source.read()) == CONTENT
    assert server.ranges_asked == ["bytes=0-0", "bytes=0-", "bytes=1000-", "bytes=1500-"]
    assert [request.headers.get("if-range") for request in server.requests] == [None, *['"one"'] * 3]
    assert {request.headers["accept-encoding"] for request in server.requests} == {"identity"}


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("mib", [64, pytest.param(1024, marks=pytest.mark.slow)])
def test_ten_random_cuts_move_hardly_more_than_the_archive(mib: int, connections: int) -> None:
    block = random.Random(1).randbytes(MIB - 8)
    content = b"".join(number.to_bytes(8) + block for number in range(mib))
    chance = random.Random(2)
    piece_bytes = mib * MIB // 64
    with (
        ArchiveServer(content) as server,
        opened(server.url, connections=connections, piece_bytes=piece_bytes) as source,
    ):
        source.identity()
        server.script(*(cut(chance.randrange(piece_bytes if connections > 1 else 6 * piece_bytes)) for _ in range(10)))
        digest = hashlib.sha256()
        for chunk in source.read():
            digest.update(chunk)
        assert digest.digest() == hashlib.sha256(content).digest()
        server.wait_until_idle()
        assert len(content) <= server.sent <= 1.05 * len(content)


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("before", [[], [Behaviour()], [Behaviour(), cut(1000)]], ids=["resolve", "open", "cut"])
@pytest.mark.parametrize("after", [-1, 0, 1000])
def test_a_stream_that_stands_still_is_reopened(
    server: ArchiveServer, after: int, before: list[Behaviour], connections: int
) -> None:
    server.script(*before, silent(after))
    with opened(server.url, connections=connections, read_stall=SHORT) as source:
        assert b"".join(source.read()) == CONTENT


def test_a_slow_stream_is_not_one_that_stands_still(server: ArchiveServer) -> None:
    server.otherwise = Behaviour(bytes_per_second=len(CONTENT) / 2)
    with opened(server.url, read_stall=timedelta(seconds=1.5)) as source:
        assert b"".join(source.read()) == CONTENT
    assert len(server.requests) == 2


def test_a_server_that_cannot_be_reached_is_told_of_by_its_name_and_the_error() -> None:
    with opened(f"{refusing_url()}/db.tar?secret") as source, pytest.raises(TransientError) as raised:
        source.identity()
    assert raised.value.reason == "SourceUnreachable"
    assert "cannot be reached" in raised.value.what
    assert "refused" in raised.value.what


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_no_ranges_are_said_once(server: ArchiveServer, connections: int, caplog: pytest.LogCaptureFixture) -> None:
    server.ranges = False
    server.script(Behaviour(), cut(1000))
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read()) == CONTENT
        assert not source.ranged
        with pytest.raises(SourceChanged):
            source.read_range(10, 20)
    assert sum("no ranges" in message for message in caplog.messages) == 1


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("after_pieces", [0, 3])
def test_a_server_that_turns_out_to_give_no_ranges(server: ArchiveServer, connections: int, after_pieces: int) -> None:
    def decide(request: Request) -> Behaviour | None:
        return Behaviour(ranges=False) if len(server.requests) > 1 + after_pieces else None

    server.decide = decide
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read()) == CONTENT


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("ranges", [True, False])
def test_bytes_are_not_decoded_and_an_encoding_is_warned_of_once(
    server: ArchiveServer, connections: int, ranges: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server.ranges = ranges
    server.otherwise = with_headers(Content_Encoding="gzip")
    with opened(server.url, connections=connections) as source:
        assert b"".join(source.read()) == CONTENT
    assert sum("Content-Encoding" in message for message in caplog.messages) == 1


@pytest.mark.parametrize("connections", [2, 4])
def test_at_most_one_piece_for_each_connection_is_held(server: ArchiveServer, connections: int) -> None:
    with opened(server.url, connections=connections) as source:
        chunks = source.read()
        got = next(chunks)
        server.wait_until(lambda: server.sent == 1 + connections * PIECE_BYTES)
        server.wait_until_idle()
        assert len(server.requests) == 1 + connections
        assert got + b"".join(chunks) == CONTENT


def test_connections_are_used_again(server: ArchiveServer) -> None:
    with opened(server.url, connections=3) as source:
        assert b"".join(source.read()) == CONTENT
    assert len(server.requests) == 1 + 11
    assert len({request.client_port for request in server.requests}) <= 4


def test_ranges_in_several_threads(server: ArchiveServer) -> None:
    places = [(0, 1), (5, 70_000), (70_000, 300_000), (len(CONTENT) - 5, len(CONTENT)), (9, 9)]
    got: dict[tuple[int, int], bytes] = {}
    with opened(server.url) as source:
        server.script(Behaviour(), cut(100), cut(0))

        def read(place: tuple[int, int]) -> None:
            got[place] = source.read_range(*place)

        threads = [threading.Thread(target=read, args=(place,)) for place in places]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert got == {place: CONTENT[slice(*place)] for place in places}
        with pytest.raises(SourceChanged):
            source.read_range(5, len(CONTENT) + 1)


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_closing_what_reads_ends_its_threads(server: ArchiveServer, connections: int) -> None:
    with opened(server.url, connections=connections) as source:
        chunks = source.read()
        next(chunks)
        del chunks
        assert_threads_end()
        assert b"".join(source.read()) == CONTENT


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("after", [-1, 0, 1000], ids=["no answer", "no body", "mid-stream"])
@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "plain"])
def test_closing_the_source_wakes_who_waits_in_another_thread(after: int, connections: int, tls: bool) -> None:
    raised: list[Exception] = []
    with ArchiveServer(CONTENT, tls=tls) as server, opened(server.url, connections=connections) as source:
        source.identity()
        server.otherwise = silent(after)

        def read() -> None:
            try:
                b"".join(source.read())
            except TransientError as error:
                raised.append(error)

        thread = threading.Thread(target=read, name="archive reader in test")
        thread.start()
        server.wait_until(lambda: len(server.requests) == 1 + connections)
        source.close()
        thread.join(LONG.total_seconds() / 2)
        assert not thread.is_alive()
    assert "is closed" in str(raised[0])


def test_a_closed_source_asks_nobody(server: ArchiveServer) -> None:
    with opened(server.url) as source:
        source.close()
        with pytest.raises(TransientError, match="is closed"):
            source.identity()
    assert server.requests == []


def test_each_try_that_failed_is_told(server: ArchiveServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    server.script(Behaviour(), cut(1000))
    with opened(server.url) as source:
        b"".join(source.read())
    assert [message.partition(" was cut (")[2].partition(" in ")[0] for message in caplog.messages] == [
        "IncompleteRead); next try"
    ]
