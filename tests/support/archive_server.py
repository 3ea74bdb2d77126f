"""A server of one archive on a real socket, as servers of archives are: ranges, validators, and all that goes wrong.

```python
with ArchiveServer(content) as server:
    server.script(status(503), cut(100))  # for the next requests, in turn; all others are answered well
    ...  # server.url
assert server.sent == len(content)
```
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.support.http_server import Handler, Request, ScriptedServer, Step, answer

_BLOCK = 64 * 1024
LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT"


@dataclass
class Behaviour:
    """How one request is answered. What is ``None`` is left out."""

    status: int | None = None
    """In place of the archive."""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Added to the answer's own, or in place of them; those that are ``None`` are left out."""
    cut_after: int | None = None
    """Bytes of the body after which the connection is closed, or ``reset``."""
    reset: bool = False
    silent_after: int | None = None
    """Bytes of the body after which nothing more comes, on an open connection; -1: not even headers."""
    bytes_per_second: float | None = None
    ranges: bool | None = None
    """Whether a range is given where one is asked for; ``None``: as the server does."""
    close_delimited: bool = False
    """No length is told: the body ends with the connection."""


def status(code: int, **headers: str) -> Behaviour:
    """Names of headers with ``_`` for ``-``."""
    return Behaviour(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def redirect(location: str, code: int = 302) -> Behaviour:
    return status(code, Location=location)


def cut(after: int, *, reset: bool = False) -> Behaviour:
    return Behaviour(cut_after=after, reset=reset)


def silent(after: int = -1) -> Behaviour:
    return Behaviour(silent_after=after)


def with_headers(**headers: str | None) -> Behaviour:
    """Names with ``_`` for ``-``; ``None`` leaves one out."""
    return Behaviour(headers={name.replace("_", "-"): value for name, value in headers.items()})


class ArchiveServer:
    """``content``, ``etag``, ``last_modified``, ``ranges`` and ``otherwise`` may be changed while it runs."""

    def __init__(
        self,
        content: bytes,
        *,
        ranges: bool = True,
        etag: str | None = '"one"',
        tls: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.content = content
        self.etag = etag
        self.last_modified: str | None = LAST_MODIFIED
        self.ranges = ranges
        self.sent = 0
        """Bytes of bodies of the archive that were sent, or at least put on their way."""
        self.decide: Callable[[Request], Behaviour | None] = lambda request: None
        """Asked where nothing is scripted; where it says ``None``, ``otherwise`` holds."""
        self.otherwise = Behaviour()
        self._script: list[Behaviour] = []
        self._held_from: int | None = None
        self._changed = threading.Condition()
        self._server = ScriptedServer(self._step(), tls=tls, host=host, port=port)
        self._busy = 0
        self.port = self._server.port
        self.url = f"{self._server.url}/archives/db.tar"

    def script(self, *behaviours: Behaviour) -> None:
        """What is done with the next requests."""
        with self._changed:
            self._script += behaviours

    def hold(self, start: int) -> None:
        """From now on nothing of the archive from this byte on is sent, until :meth:`release`."""
        with self._changed:
            self._held_from = start

    def release(self) -> None:
        """What is held goes out."""
        with self._changed:
            self._held_from = None
            self._changed.notify_all()

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    @property
    def ranges_asked(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Until ``holds``, which is looked at whenever a request came, some bytes went out or an answer ended."""
        with self._changed:
            assert self._changed.wait_for(holds, timeout=60), "the clients do something else"

    def wait_until_idle(self) -> None:
        """Until no request is being answered any more."""
        self.wait_until(lambda: not self._busy)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        self._server.__exit__(None, None, None)

    def _step(self) -> Step:
        def step(handler: Handler) -> None:
            request = next(each for each in reversed(handler.server.requests) if _is_of(each, handler))
            with self._changed:
                behaviour = self._script.pop(0) if self._script else None
                self._busy += 1
                self._changed.notify_all()
            try:
                self._answer(handler, request, behaviour or self.decide(request) or self.otherwise)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

        return step

    def _answer(self, handler: Handler, request: Request, behaviour: Behaviour) -> None:
        if behaviour.silent_after == -1:
            handler.server.stopping.wait()
            _end(handler, reset=False)
            return
        if behaviour.status is not None:
            extra = {name: value for name, value in behaviour.headers.items() if value is not None}
            answer(behaviour.status, b"not the archive", extra)(handler)
            return
        code, start, stop, headers = self._asked(request, behaviour)
        body = memoryview(self.content)[start:stop]
        if behaviour.close_delimited:
            handler.close_connection = True
        else:
            headers["Content-Length"] = str(len(body))
        handler.send_response(code)
        for name, value in {**headers, **behaviour.headers}.items():
            if value is not None:
                handler.send_header(name, value)
        handler.end_headers()
        self._send(handler, body, behaviour, start)

    def _asked(self, request: Request, behaviour: Behaviour) -> tuple[int, int, int, dict[str, str | None]]:
        """Status, start, stop, headers."""
        size = len(self.content)
        validators = {"ETag": self.etag, "Last-Modified": self.last_modified}
        ranged = self.ranges if behaviour.ranges is None else behaviour.ranges
        asked = request.headers.get("range") if ranged else None
        if asked is None or request.headers.get("if-range", self.etag) != self.etag:
            return 200, 0, size, validators
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if start >= size:
            return 416, 0, 0, {**validators, "Content-Range": f"bytes */{size}"}
        return 206, start, stop, {**validators, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}

    def _send(self, handler: Handler, body: memoryview, behaviour: Behaviour, start: int) -> None:
        ends = [each for each in (behaviour.cut_after, behaviour.silent_after) if each is not None]
        until = min([len(body), *ends])
        try:
            for place in range(0, until, _BLOCK):
                block = body[place : min(place + _BLOCK, until)]
                if behaviour.bytes_per_second and handler.server.stopping.wait(len(block) / behaviour.bytes_per_second):
                    return
                with self._changed:
                    stop = start + place + len(block)
                    self._changed.wait_for(lambda: self._held_from is None or stop <= self._held_from)  # noqa: B023
                    self.sent += len(block)
                    self._changed.notify_all()
                handler.wfile.write(block)
            handler.wfile.flush()
        except OSError:  # the client went away, as it may
            handler.close_connection = True
            return
        if behaviour.silent_after is not None:
            handler.server.stopping.wait()
        if behaviour.cut_after is not None or behaviour.silent_after is not None:
            _end(handler, reset=behaviour.reset)


def _is_of(request: Request, handler: Handler) -> bool:
    return request.client_port == handler.client_address[1]


def _end(handler: Handler, *, reset: bool) -> None:
    handler.close_connection = True
    with suppress(OSError):
        if reset:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            handler.connection.shutdown(socket.SHUT_WR)
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()
