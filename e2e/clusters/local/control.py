"""Where tests in other processes stop a component, and start it again: PUT and DELETE of /components/NAME."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"
PATH = "/components/"

Component = tuple[Callable[[], None], Callable[[], None]]
"""How it starts, and how it stops."""


class Control:
    """An HTTP server on the loopback. An answer comes when it is done."""

    def __init__(self, components: Mapping[str, Component]) -> None:
        self._listener = _Listener(components)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.1,), name="control", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._listener.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, components: Mapping[str, Component]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.components = components
        self.stopped: set[str] = set()
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def log_message(self, *_: object) -> None:
        """The components log what they do."""

    def do_PUT(self) -> None:
        self._switch(on=True)

    def do_DELETE(self) -> None:
        self._switch(on=False)

    def _switch(self, *, on: bool) -> None:
        name = self.path.removeprefix(PATH)
        found = self.server.components.get(name)
        with self.server.lock:
            if found and on == (name in self.server.stopped):
                start, stop = found
                (start if on else stop)()
                self.server.stopped ^= {name}
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
