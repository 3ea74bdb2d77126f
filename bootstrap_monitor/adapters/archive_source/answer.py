"""An answer of an HTTP server: status, headers, and a body that is still to come."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPMessage, HTTPResponse, IncompleteRead

_CHUNK_BYTES = 256 * 1024
_SHORT_BYTES = 64 * 1024


class Answer:
    """Status and headers; the body is taken as it was sent."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self._read = False
        self.status = response.status
        self.headers: HTTPMessage = response.headers

    def chunks(self) -> Iterator[bytes]:
        """Each of what came at once.

        :raises HTTPException: the body ended early; not where its length is told by nothing but the connection's end.
        """
        while self._response.length != 0 and (chunk := self._response.read1(_CHUNK_BYTES)):
            yield chunk
        if self._response.length:
            raise IncompleteRead(b"")
        self._response.read()  # nothing, which tells the client that it was all
        self._read = True

    def skip_short_body(self) -> None:
        """So that the connection serves on."""
        length = self._response.length
        if length is not None and length <= _SHORT_BYTES and not self._response.will_close:
            for _ in self.chunks():
                pass

    def close(self) -> None:
        """Take no more."""
        self._response.close()

    @property
    def connection_serves_on(self) -> bool:
        """Whether another request may be sent by it."""
        return self._read and not self._response.will_close
