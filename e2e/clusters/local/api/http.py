"""The API over HTTP/1.1, on the loopback; a server that can be stopped and started again on its port."""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from e2e.clusters.local.api.answers import answer
from e2e.clusters.local.api.errors import ApiError, method_not_allowed
from e2e.clusters.local.api.faults import Cut, Fault, Faults
from e2e.clusters.local.api.requests import Request, Response
from e2e.clusters.local.api.verbs import Api

LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"
FAULTS_PATH = "/faults"
JOIN_SECONDS = 10.0


class Server:
    """``port`` 0: any free one, and the same again after a stop."""

    def __init__(self, api: Api, port: int = 0) -> None:
        self.api = api
        self.port = port
        self.faults = Faults()
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """:class:`OSError` when the port is in use."""
        self._listener = _Listener(self)
        self.port = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.1,), name="api", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuses connections from now on, and cuts those that are open; returns once nothing is served any more."""
        listener, thread, self._listener = self._listener, self._thread, None
        if listener is not None and thread is not None:
            listener.shutdown()
            thread.join()
            listener.server_close()
            listener.cut()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, server: Server) -> None:
        self.api = server.api
        self.faults = server.faults
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__((HOST, server.port), _Handler)

    def server_bind(self) -> None:
        """Without the look-up of a name that an HTTPServer makes."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread that is known before it starts, so that a stop misses none."""
        target = self.process_request_thread
        thread = threading.Thread(target=target, args=(request, client_address), name="api connection", daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ends in the midst of something is no news."""
        if not isinstance(sys.exception(), OSError):
            LOG.exception("A request failed by a fault of the server")

    def cut(self) -> None:
        """All connections, and what serves them ends."""
        self.stopped.set()
        with self._lock:
            threads = list(self._open.values())
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.api.wake()
        for thread in threads:
            thread.join(JOIN_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    connection: socket.socket

    def log_message(self, *_: object) -> None:
        """What changes something is logged where it is answered."""

    def do_GET(self) -> None:
        size = self.headers.get("Content-Length", "0")
        if not size.isdecimal() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._write(Response.refusal(ApiError(411, "BadRequest", "the body's Content-Length is missing")), None)
            return
        headers = {name.title(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(int(size)))
        if request.path == FAULTS_PATH:
            self._write(_faults(self.server.faults, request), None)
            return
        fault = self.server.faults.take(request.method, request.verb, request.url) or Fault()
        self.server.stopped.wait(fault.delay_seconds)
        if fault.silent:
            # Returns when the client has gone, or the server shut the connection.
            self.connection.recv(1, socket.MSG_PEEK)
        if fault.silent or fault.cut is Cut.REQUEST:
            self.close_connection = True
            return
        response = _failed(fault, fault.status) if fault.status else answer(self.server.api, request, self._gone)
        if request.method != "GET":
            LOG.info("%s %s %d %s", request.method, request.url, response.status, request.manager)
        self._write(response, fault.cut)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _write(self, response: Response, cut: Cut | None) -> None:
        self.close_connection = self.close_connection or cut is not None
        if cut is Cut.ANSWER:
            return
        headers = {"Content-Type": response.content_type, **response.headers}
        if not isinstance(response.body, bytes):
            headers["Transfer-Encoding"] = "chunked"
        elif response.status != HTTPStatus.NO_CONTENT:
            headers["Content-Length"] = str(len(response.body))
        lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}", *(f"{k}: {v}" for k, v in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode()
        if cut is Cut.HEADERS:
            self.wfile.write(head)
        elif isinstance(response.body, bytes):
            self.wfile.write(head + response.body[: len(response.body) // 2 if cut else None])
        else:
            self.wfile.write(head)
            self._write_pieces(response.body, cut)

    def _write_pieces(self, pieces: Iterator[bytes], cut: Cut | None) -> None:
        for piece in pieces:
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if cut or self._gone():
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def _gone(self) -> bool:
        """Whether there is nobody left to answer."""
        try:
            return self.server.stopped.is_set() or not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True


def _failed(fault: Fault, status: int) -> Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return Response.refusal(ApiError(status, _phrase(status).replace(" ", ""), fault.message), headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _faults(faults: Faults, request: Request) -> Response:
    """GET: those that are left. POST: one more. DELETE: none."""
    try:
        if request.method == "POST":
            faults.add(Fault.of(request.body()))
        elif request.method == "DELETE":
            faults.clear()
        elif request.method != "GET":
            raise method_not_allowed()
    except ApiError as error:
        return Response.refusal(error)
    return Response.of({"items": faults.left()})
