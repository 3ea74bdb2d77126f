"""Connections to the HTTP server of one object, and what goes wrong with them.

The environment's proxy and certificate variables hold, but for loopback. Credentials of the home folder (netrc) are not
sent, and no cookies.
"""
# ruff: noqa: PLC0415 - httpx takes 100 ms to import

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.archive_source.refused import TryLater, refused
from bootstrap_monitor.errors import MonitorError
from bootstrap_monitor.timings import ARCHIVE_CONNECT_SECONDS

if TYPE_CHECKING:
    import httpx

REDIRECTS = 5

_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class Connections:
    """Asks for ``url``, for people ``who``; in several threads at once.

    :raises ConfigurationError: the environment's proxy or certificate variables are not usable.
    """

    def __init__(self, who: str, url: str, read_stall: timedelta) -> None:
        import httpx

        self._who = who
        self._url = url
        self._stall_seconds = read_stall.total_seconds()
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._answers = 0
        self.closed = False
        try:
            self._client = httpx.Client(
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                headers={"User-Agent": f"bootstrap-monitor/{__version__}", "Accept-Encoding": "identity"},
                mounts=dict.fromkeys(_LOOPBACK),
                timeout=httpx.Timeout(self._stall_seconds, connect=min(self._stall_seconds, ARCHIVE_CONNECT_SECONDS)),
                limits=httpx.Limits(),
            )
        except (httpx.InvalidURL, OSError, ValueError, ImportError) as error:
            how = f"the proxy or certificate variables of the environment are not usable ({type(error).__name__})"
            raise refused(who, how, do="Correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE.") from None

    @contextmanager
    def get(self, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer, whatever its status, after redirects, its body unread: to HTTP and HTTPS, but never out of TLS.

        Credentials of the address go to its origin only. What goes wrong until the end of the body is raised as
        :class:`TryLater` or :class:`ConfigurationError`; nothing of the address is quoted.
        """
        import httpx

        with self._counted():
            try:
                response = self._send(headers)
                try:
                    yield response
                finally:
                    response.close()
            except httpx.TransportError as error:
                raise self._trouble(error) from None  # it may quote what was received
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # UnicodeError: a host that cannot be
                raise refused(self._who, f"an address there is not usable ({type(error).__name__})") from None

    def close(self) -> None:
        """End every connection, also those that other threads wait for."""
        with self._lock:
            self.closed = True
            sockets = list(self._sockets)
            idle = not self._answers
        for each in sockets:
            _shut_down(each)
        if idle:
            self._client.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            if self.closed:
                raise TryLater(f"{self._who} is closed")
            self._answers += 1
        try:
            yield
        finally:
            with self._lock:
                self._answers -= 1
                last = self.closed and not self._answers
            if last:  # not before: a descriptor that another thread reads from must not be closed
                self._client.close()

    def _send(self, headers: Mapping[str, str]) -> httpx.Response:
        request = self._client.build_request("GET", self._url, headers=headers, extensions={"trace": self._trace})
        for _ in range(REDIRECTS + 1):
            response = self._client.send(request, stream=True)
            if response.next_request is None:
                return response
            response.close()
            schemes = request.url.scheme, response.next_request.url.scheme
            if schemes[1] not in {"http", "https"} or schemes == ("https", "http"):
                raise refused(self._who, f"it redirects from {schemes[0]} to {schemes[1]}")
            request = response.next_request
        raise refused(self._who, f"it redirects more than {REDIRECTS} times")

    def _trace(self, _event: str, info: Mapping[str, Any]) -> None:
        """Remembers the sockets: who waits for one in another thread is woken by shutting it down alone."""
        about = getattr(info.get("return_value"), "get_extra_info", None)
        made = about("socket") if about else None
        if isinstance(made, socket.socket):
            with self._lock:
                self._sockets.add(made)
                closed = self.closed
            if closed:
                _shut_down(made)

    def _trouble(self, error: httpx.TransportError) -> MonitorError:
        import httpx

        if self.closed:
            return TryLater(f"{self._who} is closed")
        if isinstance(error, httpx.ReadTimeout):
            return TryLater(f"{self._who} gave no byte for {self._stall_seconds:g} s")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
            return refused(self._who, f"an address there is not usable ({type(error).__name__})")
        if _is_untrusted(error):
            return refused(
                self._who,
                "its certificate is not trusted",
                do="Name the authorities that are to be trusted in SSL_CERT_FILE, or correct the address.",
            )
        away = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
        # What the network says is of use; what was received may hold anything.
        how = str(error) if isinstance(error, httpx.NetworkError) and str(error) else type(error).__name__
        return TryLater(f"{self._who} {'cannot be reached' if away else 'was cut'} ({how})")


def _is_untrusted(error: BaseException | None) -> bool:
    while error:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # it is gone already
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # an SSLSocket's own would pull TLS from under who reads
