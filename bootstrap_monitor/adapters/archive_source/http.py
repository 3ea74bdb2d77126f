"""Ranges of one object on an HTTP server.

Bytes are taken as they are sent, never decoded. Every answer is checked to be of the object that was resolved: by size,
entity tag and time of change.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta

from bootstrap_monitor.adapters.archive_source.answer import Answer
from bootstrap_monitor.adapters.archive_source.connections import Connections
from bootstrap_monitor.adapters.archive_source.ranges import NoRanges
from bootstrap_monitor.adapters.archive_source.refused import TryLater, of_status
from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.source_name import SourceName
from bootstrap_monitor.core.retry_after import retry_after_seconds
from bootstrap_monitor.errors import MonitorError, SourceChanged

log = logging.getLogger(__name__)

_CONTENT_RANGE = re.compile(r"bytes (?:(?P<first>\d{1,19})-(?P<last>\d{1,19})|\*)/(?P<total>\d{1,19}|\*)", re.ASCII)


class HttpRanges:
    """One object; see :class:`~bootstrap_monitor.adapters.archive_source.ranges.Ranges`."""

    def __init__(self, name: SourceName, read_stall: timedelta, now: Callable[[], datetime]) -> None:
        self.name = name.shown
        self.ranged = True
        self._now = now
        self._connections = Connections(name.shown, name.text, read_stall)
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def resolve(self) -> Identity:
        """What a request for the first byte tells: signed addresses are signed for GET, not for HEAD."""
        with self._connections.get({"Range": "bytes=0-0"}) as response:
            found = _identity(response)
            if response.status == 416 and found.size == 0:
                return found
            if response.status not in {200, 206}:
                raise self._refusal(response)
            if response.status == 200 or not _content_range(response):
                self._does_no_ranges()
            self._look_at_encoding(response)
            return found

    def open(self, identity: Identity, start: int, stop: int | None) -> Generator[bytes, None, None]:
        """The bytes, as they come; see the protocol."""
        ends = [end for end in (identity.size, stop) if end is not None]
        end = min(ends) if ends else None
        if end is not None and start >= end:
            return
        if start and not identity.tells:
            raise SourceChanged(f"{self.name} was cut, and the server tells nothing to know the same object again by")
        whole = stop is None or (start == 0 and stop == identity.size)
        if not (self.ranged or whole):
            raise self._no_ranges()
        with self._connections.get(self._headers(identity, start, stop)) as response:
            ahead = self._checked(response, identity, start)
            if ahead and not whole:
                raise self._no_ranges()
            yield from self._body(response, ahead, None if end is None else end - start)

    def close(self) -> None:
        """End every connection."""
        self._connections.close()

    def _headers(self, identity: Identity, start: int, stop: int | None) -> dict[str, str]:
        if not self.ranged:
            return {}
        headers = {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}
        # By a time, an answer to If-Range may leave that time out, and nothing could be compared.
        if identity.etag and not identity.etag.startswith("W/"):
            headers["If-Range"] = identity.etag
        return headers

    def _checked(self, response: Answer, identity: Identity, start: int) -> int:
        """How many bytes come before ``start``, after all guards."""
        if response.status in {412, 416}:
            raise self._changed()
        if response.status not in {200, 206}:
            raise self._refusal(response)
        found = _identity(response)
        known_again = found.same_as(identity) and (
            bool(identity.etag and found.etag)
            or bool(identity.last_modified and found.last_modified)
            or not identity.tells
        )
        if not known_again:
            raise self._changed()
        self._look_at_encoding(response)
        if response.status == 200:
            self._does_no_ranges()
            return start
        content_range = _content_range(response)
        if content_range is None or content_range["first"] is None or int(content_range["first"]) != start:
            raise SourceChanged(f"{self.name} gave another range than was asked for")
        return 0

    def _body(self, response: Answer, ahead: int, wanted: int | None) -> Iterator[bytes]:
        """``wanted`` bytes after those ``ahead`` (all if ``None``).

        It is read to its end where that is theirs: only then the connection serves another request.
        """
        got = -ahead
        exact = wanted is not None and response.headers.get("Content-Length") == str(ahead + wanted)
        for chunk in response.chunks():
            part = chunk[max(0, -got) :]
            got += len(chunk)
            if wanted is not None and got > wanted:
                part = part[: len(part) - (got - wanted)]
            if part:
                yield part
            if wanted is not None and got >= wanted and not exact:
                return
        if self._connections.closed:
            raise TryLater(f"{self.name} is closed")
        if got < (wanted or 0):
            raise TryLater(f"{self.name} ended {(wanted or 0) - got} bytes early")

    def _refusal(self, response: Answer) -> MonitorError:
        asked = retry_after_seconds(response.headers.get("Retry-After"), self._now())
        return of_status(self.name, response.status, retry_after_seconds=asked)

    def _changed(self) -> SourceChanged:
        return SourceChanged(f"{self.name} is no longer the object that it was when the restore began")

    def _no_ranges(self) -> NoRanges:
        return NoRanges(f"{self.name} can be had as a whole only")

    def _does_no_ranges(self) -> None:
        self.ranged = False
        self._say_once("%s: the server gives no ranges: after a cut, what was read is sent again")

    def _look_at_encoding(self, response: Answer) -> None:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            self._say_once("%s: the server names a Content-Encoding; the bytes are taken as they are sent")

    def _say_once(self, message: str) -> None:
        with self._lock:
            news = message not in self._said
            self._said.add(message)
        if news:
            log.warning(message, self.name)


def _identity(response: Answer) -> Identity:
    headers = response.headers
    size: str | None = None
    if response.status == 200 and "Transfer-Encoding" not in headers:
        size = headers.get("Content-Length")
    elif content_range := _content_range(response):
        size = content_range["total"]
    return Identity(int(size) if size and size.isdecimal() else None, headers.get("ETag"), headers.get("Last-Modified"))


def _content_range(response: Answer) -> re.Match[str] | None:
    return _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
