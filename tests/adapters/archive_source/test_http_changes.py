"""An object that changes, servers that tell little of it, and servers that lie: never bytes of two objects."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.errors import SourceChanged, TransientError
from tests.adapters.archive_source.opened import CONNECTIONS, CONTENT, PIECE_BYTES, opened
from tests.support.archive_server import LAST_MODIFIED, ArchiveServer, Behaviour, cut, with_headers

OTHER = random.Random(8).randbytes(len(CONTENT))
LONGER = OTHER + b"more"
LATER = "Sat, 03 Jan 2026 03:04:05 GMT"
_LIES = "bytes 0-9/10"


def _publish(server: ArchiveServer, content: bytes) -> None:
    """Another archive under the same address, with whatever the server tells of it."""
    server.content = content
    server.etag = server.etag and '"two"'
    server.last_modified = server.last_modified and LATER


def _until_changed(chunks: Iterator[bytes]) -> bytes:
    got: list[bytes] = []
    with pytest.raises(SourceChanged):
        got.extend(chunks)
    return b"".join(got)


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("content", [OTHER, LONGER, CONTENT[:1000]], ids=["same size", "longer", "shorter"])
@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [('"one"', LAST_MODIFIED), ('"one"', None), ('W/"one"', None), (None, LAST_MODIFIED)],
    ids=["both", "etag", "weak etag", "time"],
)
@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
def test_one_that_is_replaced_is_seen_and_nothing_of_it_is_given(
    server: ArchiveServer, etag: str, last_modified: str | None, content: bytes, connections: int, ranges: bool
) -> None:
    server.etag, server.last_modified, server.ranges = etag, last_modified, ranges
    server.script(Behaviour(), cut(5000), cut(5000), cut(5000))
    with opened(server.url, connections=connections) as source:
        chunks = source.read()
        got = next(chunks)
        _publish(server, content)
        got += _until_changed(chunks)
    assert CONTENT.startswith(got)


def test_one_that_is_replaced_before_it_is_read(server: ArchiveServer) -> None:
    with opened(server.url) as source:
        source.identity()
        _publish(server, OTHER)
        with pytest.raises(SourceChanged):
            next(source.read())
        with pytest.raises(SourceChanged):
            source.read_range(10, 20)


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("ranges", [True, False])
def test_what_cannot_be_known_again_is_not_resumed(server: ArchiveServer, connections: int, ranges: bool) -> None:
    server.etag = server.last_modified = None
    server.ranges = ranges
    server.script(Behaviour(), cut(0), cut(5000))
    with opened(server.url, connections=connections) as source:
        with pytest.raises(SourceChanged):
            b"".join(source.read())
        assert b"".join(source.read()) == CONTENT


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize(
    "answer",
    [
        with_headers(ETag='"two"'),
        with_headers(ETag=None, Last_Modified=LATER),
        with_headers(ETag=None, Last_Modified=None),
        with_headers(Content_Range=None),
        with_headers(Content_Range=_LIES),
        with_headers(Content_Range="bytes 0-9/*"),
        with_headers(Content_Range="rubbish"),
        with_headers(ETag='"two"', Content_Range=_LIES),
        replace(with_headers(ETag='"two"'), ranges=False),
        replace(with_headers(ETag=None, Last_Modified=None), ranges=False),
        replace(with_headers(Content_Length="5"), ranges=False),
    ],
    ids=str,
)
def test_an_answer_that_is_not_surely_of_the_object_is_not_taken(
    server: ArchiveServer, answer: Behaviour, connections: int
) -> None:
    with opened(server.url, connections=connections) as source:
        source.identity()
        server.script(cut(1000), cut(1000), cut(1000))
        server.otherwise = answer
        got = _until_changed(source.read())
    assert CONTENT.startswith(got)
    assert len(got) <= connections * PIECE_BYTES


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize("wrong", ["+5", "-5"])
def test_a_range_with_a_wrong_length_is_read_on(server: ArchiveServer, connections: int, wrong: str) -> None:
    with opened(server.url, connections=connections) as source:
        source.identity()
        server.script(with_headers(Content_Length=str(PIECE_BYTES + int(wrong))))
        assert b"".join(source.read()) == CONTENT


def test_a_whole_with_too_long_a_length_is_given_up(server: ArchiveServer) -> None:
    server.ranges = False
    server.otherwise = replace(with_headers(Content_Length=str(len(CONTENT) + 5)), cut_after=len(CONTENT))
    with opened(server.url) as source, pytest.raises(TransientError) as raised:
        b"".join(source.read())
    assert raised.value.reason == "SourceUnreachable"


def test_a_whole_with_too_short_a_length_is_cut_there(server: ArchiveServer) -> None:
    """Who reads compares with a hash, and an archive that is cut cannot be unpacked."""
    server.ranges = False
    server.otherwise = with_headers(Content_Length="1000")
    with opened(server.url) as source:
        assert b"".join(source.read()) == CONTENT[:1000]


@pytest.mark.parametrize("connections", CONNECTIONS)
@pytest.mark.parametrize(
    "answer",
    [replace(with_headers(Content_Length=None), close_delimited=True), with_headers(Content_Range="bytes 0-0/*")],
    ids=["no length", "no total"],
)
def test_a_size_that_is_not_told(server: ArchiveServer, answer: Behaviour, connections: int) -> None:
    server.ranges = "Content-Range" in answer.headers
    server.script(answer)
    server.otherwise = Behaviour(close_delimited=True)
    with opened(server.url, connections=connections) as source:
        assert source.identity().size is None
        assert b"".join(source.read()) == CONTENT


def test_what_is_told_of_it(server: ArchiveServer) -> None:
    with opened(server.url) as source:
        assert source.identity() == Identity(len(CONTENT), '"one"', LAST_MODIFIED)
        server.etag = '"two"'
        assert source.identity().etag == '"one"'
    assert server.ranges_asked == ["bytes=0-0"]


@pytest.mark.parametrize("ranges", [True, False])
def test_an_empty_one(server: ArchiveServer, ranges: bool) -> None:
    server.content, server.ranges = b"", ranges
    with opened(server.url) as source:
        assert source.identity().size == 0
        assert list(source.read()) == []
