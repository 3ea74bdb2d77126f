"""Connections to the HTTP server of one object, and what goes wrong with them.

By the standard library's client: a GiB costs 0.6 s of CPU, by httpx 2 s, which is more than unpacking costs.
The environment's proxy and certificate variables hold. Credentials of the home folder (netrc) are not sent, and no
cookies.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urljoin

from bootstrap_monitor import __version__
from bootstrap_monitor.adapters.archive_source import address as addresses
from bootstrap_monitor.adapters.archive_source import environment
from bootstrap_monitor.adapters.archive_source.address import Address
from bootstrap_monitor.adapters.archive_source.answer import Answer
from bootstrap_monitor.adapters.archive_source.refused import TryLater, refused
from bootstrap_monitor.errors import MonitorError
from bootstrap_monitor.timings import ARCHIVE_CONNECT_SECONDS

REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_USER_AGENT = f"bootstrap-monitor/{__version__}"


class Connections:
    """Asks for ``url``, for people ``who``; in several threads at once. Each connection serves many requests."""

    def __init__(self, who: str, url: str, read_stall: timedelta) -> None:
        self._who = who
        self._url = url
        self._stall_seconds = read_stall.total_seconds()
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._idle: list[tuple[tuple[str, str, int], HTTPConnection]] = []
        self.closed = False

    @contextmanager
    def get(self, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer, whatever its status, after redirects, its body unread: to HTTP and HTTPS, but never out of TLS.

        Credentials of an address go to its origin only. What goes wrong until the end of the body is raised as
        :class:`TryLater` or :class:`ConfigurationError`; nothing of the address is quoted.
        """
        url, address = self._url, self._address(self._url)
        authorizations = {address.origin: address.authorization}
        for _ in range(REDIRECTS + 1):
            authorization = authorizations.get(address.origin, "")
            with self._asked(address, {**headers, **_filled("Authorization", authorization)}) as answer:
                location = answer.headers.get("Location")
                if answer.status not in _REDIRECTS or location is None:
                    yield answer
                    return
                answer.skip_short_body()
            before = address
            url, address = self._redirected(url, location)
            if before.scheme == "https" != address.scheme:
                raise refused(self._who, "it redirects from https to http")
            if address.authorization:
                authorizations[address.origin] = address.authorization
        raise refused(self._who, f"it redirects more than {REDIRECTS} times")

    def close(self) -> None:
        """End every connection. Those that other threads wait for are shut down, for these threads to close them."""
        with self._lock:
            self.closed = True
            sockets, idle = list(self._sockets), self._idle
            self._idle = []
        for each in sockets:
            _shut_down(each)
        for _, connection in idle:
            connection.close()

    @contextmanager
    def _asked(self, address: Address, headers: Mapping[str, str]) -> Iterator[Answer]:
        proxy = self._proxy(address)
        connection: HTTPConnection | None = None
        answer: Answer | None = None
        try:
            connection = self._connection(address, proxy)
            through = proxy if proxy and address.scheme == "http" else None
            if through:
                headers = {**headers, **_filled("Proxy-Authorization", through.authorization)}
            target = address.absolute if through else address.target
            connection.request("GET", target, headers={"User-Agent": _USER_AGENT, **headers})
            answer = Answer(connection.getresponse())
            yield answer
            if answer.connection_serves_on and self._kept(address, connection):
                connection = None
        except (OSError, HTTPException) as error:
            raise self._trouble(error, connection) from None  # it may quote what was received
        finally:
            if connection:
                if answer is not None:
                    answer.close()
                connection.close()

    def _connection(self, address: Address, proxy: Address | None) -> HTTPConnection:
        while idle := self._idle_one(address):
            if not _is_readable(idle):  # else the server closed it meanwhile
                return idle
            idle.close()
        place, seconds = proxy or address, min(self._stall_seconds, ARCHIVE_CONNECT_SECONDS)
        connection: HTTPConnection
        if address.scheme == "https":
            connection = HTTPSConnection(place.host, place.port, timeout=seconds, context=self._tls)
            if proxy:
                own = _filled("Proxy-Authorization", proxy.authorization)
                connection.set_tunnel(address.host, address.port, {"User-Agent": _USER_AGENT, **own})
        else:
            connection = HTTPConnection(place.host, place.port, timeout=seconds)
        try:
            connection.connect()
            self._remember(connection.sock)
        except BaseException:
            connection.close()
            raise
        return connection

    def _idle_one(self, address: Address) -> HTTPConnection | None:
        with self._lock:
            if self.closed:
                raise TryLater(f"{self._who} is closed")
            for number, (origin, connection) in enumerate(self._idle):
                if origin == address.origin:
                    del self._idle[number]
                    return connection
        return None

    def _kept(self, address: Address, connection: HTTPConnection) -> bool:
        with self._lock:
            if not self.closed:
                self._idle.append((address.origin, connection))
            return not self.closed

    def _remember(self, connected: socket.socket) -> None:
        """For :meth:`close`: who waits for a socket in another thread is woken by shutting it down alone."""
        connected.settimeout(self._stall_seconds)
        with self._lock:
            self._sockets.add(connected)
            closed = self.closed
        if closed:
            _shut_down(connected)

    def _address(self, url: str) -> Address:
        try:
            return addresses.parse(url)
        except ValueError:
            raise refused(self._who, "it is no address of HTTP or HTTPS") from None

    def _redirected(self, url: str, location: str) -> tuple[str, Address]:
        try:
            following = urljoin(url, location)
            return following, addresses.parse(following)
        except ValueError:
            raise refused(self._who, "it redirects to what is no address of HTTP or HTTPS") from None

    def _proxy(self, address: Address) -> Address | None:
        try:
            return environment.proxy_for(address)
        except ValueError:
            raise refused(
                self._who, "the proxy that the environment names is not usable", do=environment.CORRECT
            ) from None

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        try:
            return environment.trusted()
        except OSError as error:
            how = f"the certificates that the environment names are not usable ({type(error).__name__})"
            raise refused(self._who, how, do=environment.CORRECT) from None

    def _trouble(self, error: OSError | HTTPException, connection: HTTPConnection | None) -> MonitorError:
        if self.closed:
            return TryLater(f"{self._who} is closed")
        if isinstance(error, ssl.SSLCertVerificationError):
            return refused(
                self._who,
                "its certificate is not trusted",
                do="Name the authorities that are to be trusted in SSL_CERT_FILE, or correct the address.",
            )
        if connection and isinstance(error, TimeoutError):
            return TryLater(f"{self._who} gave no byte for {self._stall_seconds:g} s")
        # What the system says is of use; what was received may hold anything.
        how = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return TryLater(f"{self._who} {'was cut' if connection else 'cannot be reached'} ({how})")


def _filled(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _is_readable(connection: HTTPConnection) -> bool:
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _shut_down(connected: socket.socket) -> None:
    with suppress(OSError):  # it is gone already
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # an SSLSocket's own would pull TLS from under who reads
