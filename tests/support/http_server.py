"""A scripted HTTP server on a real socket: what a client truly sends, and how it bears truly bad answers.

```python
with ScriptedServer(reset(), answer(200, b"{}")) as server:
    ...  # the first request is reset, the second and all later ones are answered
assert server.requests[0].path == "/"
```
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

CERTIFICATE = Path(__file__).with_name("loopback-tls.pem")
"""A self-signed certificate for 127.0.0.1 and its key, made for these tests."""


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    client_port: int
    """Tells connections apart."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the acknowledgement of its headers
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, as it may
            self.close_connection = True

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.next_step(Request(self.command, self.path, headers, body, self.client_address[1]))(self)

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = _any  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Say nothing."""


Step = Callable[[Handler], None]
"""What is done with one request."""


def answer(status: int, body: bytes | Mapping[str, Any] = b"", headers: Mapping[str, str] | None = None) -> Step:
    """An ordinary answer; a mapping is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def step(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return step


def reset() -> Step:
    """The connection is reset in place of an answer."""

    def step(handler: Handler) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        _end(handler)

    return step


def cut(body: bytes, *, status: int = 200) -> Step:
    """An answer that ends within its body: ``body`` comes, one byte more was announced."""

    def step(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) + 1))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        _end(handler)

    return step


def raw(content: bytes) -> Step:
    """These bytes in place of an answer."""

    def step(handler: Handler) -> None:
        handler.wfile.write(content)
        handler.wfile.flush()
        _end(handler)

    return step


def hang(start: bytes = b"") -> Step:
    """No more of an answer than ``start``, on an open connection, for as long as the server lives."""

    def step(handler: Handler) -> None:
        handler.wfile.write(start)
        handler.wfile.flush()
        handler.server.stopping.wait()
        _end(handler)

    return step


def drip(start: bytes, drop: bytes, *, every_seconds: float = 0.01) -> Step:
    """``start``, then a drop and a drop, for as long as somebody listens."""

    def step(handler: Handler) -> None:
        handler.wfile.write(start)
        while not handler.server.stopping.wait(every_seconds):
            handler.wfile.write(drop)
            handler.wfile.flush()
        _end(handler)

    return step


def chunked(chunks: Iterable[bytes], *, status: int = 200) -> Step:
    """A body without a length, made chunk by chunk: the iterable can do something between two of them."""

    def step(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            handler.wfile.flush()
        handler.wfile.write(b"0\r\n\r\n")

    return step


def _end(handler: Handler) -> None:
    handler.close_connection = True
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, steps: list[Step], address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.stopping = threading.Event()
        self.requests: list[Request] = []
        self._steps = steps
        self._lock = threading.Lock()

    def next_step(self, request: Request) -> Step:
        with self._lock:
            self.requests.append(request)
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections are broken on purpose."""


class ScriptedServer:
    """Answers by the steps in turn; the last is for all later requests, too. Without ``port`` it takes a free one."""

    def __init__(self, *steps: Step, tls: bool = False, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = _Server(list(steps), (host, port))
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = host
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"

    @property
    def requests(self) -> list[Request]:
        return self._server.requests

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()


def refusing_url() -> str:
    """An address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"
