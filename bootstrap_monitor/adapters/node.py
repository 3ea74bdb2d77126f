"""The node's HTTP API, on loopback.

The node answers 403 to a ``Host`` header with a name other than localhost: its address has to be given with
``localhost`` or an IP address.
"""
# ruff: noqa: PLC0415 - httpx takes 100 ms to import

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer, NoAnswer
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError
from bootstrap_monitor.timings import NODE_CONNECT_SECONDS, NODE_READ_SECONDS, NODE_TOTAL_SECONDS

if TYPE_CHECKING:
    import httpx

BODY_LIMIT_BYTES = 4 * 1024 * 1024


class Node:
    """The node at ``base_uri``, like ``http://127.0.0.1:9650``; :class:`ConfigurationError` for a bad one."""

    def __init__(
        self,
        base_uri: str,
        *,
        timeout: tuple[float, float] = (NODE_CONNECT_SECONDS, NODE_READ_SECONDS),
        total_seconds: float = NODE_TOTAL_SECONDS,
    ) -> None:
        try:
            base = urlsplit(base_uri)
            usable = base.scheme in {"http", "https"} and bool(base.hostname) and base.port != 0
        except ValueError as error:
            raise _bad_uri(base_uri, str(error)) from error
        if not usable:
            raise _bad_uri(base_uri, "it is not http://<address>:<port>")
        self._base_uri = base_uri
        self._timeout = timeout
        self._total_seconds = total_seconds

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        connect, read = self._timeout
        return httpx.Client(
            base_url=self._base_uri,
            verify=self._base_uri.startswith("https:"),  # to load the authorities takes 50 ms
            trust_env=False,  # a proxy cannot reach this pod's loopback
            follow_redirects=False,
            headers={"Accept-Encoding": "identity"},
            timeout=httpx.Timeout(read, connect=connect),
            # A sample a minute: a kept connection would mostly be one that a restart of the node has cut.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def get(self, path: str) -> HealthAnswer:
        """The answer, whatever its status, or that none came in time, below 4 MiB. Never raises."""
        return self._answer("GET", path)

    def post(self, path: str, body: JsonObject) -> HealthAnswer:
        """The same for a JSON-RPC request."""
        return self._answer("POST", path, body)

    def _answer(self, method: str, path: str, body: JsonObject | None = None) -> HealthAnswer:
        import httpx

        what = f"{method} {path}"
        with _Watchdog(self._total_seconds) as watchdog:
            try:
                with self._client.stream(method, path, json=body, extensions={"trace": watchdog.trace}) as response:
                    answer = _read(what, response)
            except httpx.HTTPError as error:
                answer = NoAnswer(f"{what}: {type(error).__name__}: {error}".rstrip(": "))
        if watchdog.has_cut:  # without a length, its end looks like the body's
            return NoAnswer(f"{what}: the answer is not complete after {self._total_seconds:g} s")
        return answer


def _read(what: str, response: httpx.Response) -> HealthAnswer:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            return NoAnswer(f"{what}: the body is larger than {BODY_LIMIT_BYTES} bytes")
    return HttpAnswer(response.status_code, bytes(body))


class _Watchdog:
    """Cuts a connection after so many seconds: bytes that drip, of headers or of a body, meet no read timeout."""

    def __init__(self, seconds: float) -> None:
        self.has_cut = False
        self._stream: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Of httpx: what happens within a request."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]

    def _cut(self) -> None:
        self.has_cut = True
        if self._stream:
            with suppress(OSError):  # it has just ended
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def _bad_uri(base_uri: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the node's address {base_uri!r} is not usable: {why}",
        reason="NodeAddressInvalid",
        do="give it as http://127.0.0.1:9650",
    )
