"""HTTP to registries and to their token servers: bounded in time, size and redirects.

The environment's proxy and certificate variables hold here, unlike for the node: a registry is outside. Loopback is
never asked by way of a proxy. Credentials of the home folder (netrc) are not sent, and no cookies.
"""
# ruff: noqa: PLC0415 - httpx takes 100 ms to import

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from bootstrap_monitor import __version__
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason

if TYPE_CHECKING:
    import httpx

BODY_LIMIT_BYTES = 4 * 1024 * 1024
"""The largest manifest that registries have to take, by the distribution specification."""
REDIRECTS = 5

_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    """By names in any case."""
    body: bytes


class Http:
    """Sends requests. ``timeout`` is of one connect and of one read, ``who`` names the server in errors."""

    def __init__(self, clock: Clock, timeout: tuple[float, float]) -> None:
        self._clock = clock
        self._timeout = timeout

    def send(self, method: str, url: str, headers: Mapping[str, str], *, who: str, give_up_at: float) -> Answer:
        """The answer, whatever its status, after redirects: to HTTP and HTTPS, but never out of TLS.

        ``Authorization`` does not follow to another origin. ``give_up_at`` is of the monotonic clock.

        :raises CannotTell: there is none.
        """
        import httpx

        try:
            request = self._client.build_request(method, url, headers=headers)
            for _ in range(REDIRECTS + 1):
                self._bound(request, who, give_up_at)
                response = self._client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return self._read(response, who, give_up_at)
                finally:
                    response.close()
                request = _followed(response.request, response.next_request, who)
        except httpx.TransportError as error:
            raise _no_answer(who, error) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # UnicodeError: a host that cannot be
            # Not quoted: it may be with a token or a signed address.
            raise _malformed(f"{who} gave an answer that cannot be used ({type(error).__name__})") from error
        raise _malformed(f"{who} redirects more than {REDIRECTS} times")

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        try:
            return httpx.Client(
                follow_redirects=False,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                headers={"User-Agent": f"bootstrap-monitor/{__version__}", "Accept-Encoding": "identity"},
                mounts=dict.fromkeys(_LOOPBACK),
                # A question in minutes: a kept connection would mostly be one that was cut meanwhile.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        except (httpx.InvalidURL, OSError, ValueError, ImportError) as error:
            raise CannotTell(
                f"the proxy or certificate variables of the environment are not usable ({type(error).__name__})",
                reason=Reason.UNREACHABLE,
            ) from error

    def _bound(self, request: httpx.Request, who: str, give_up_at: float) -> None:
        import httpx

        left = give_up_at - self._clock.monotonic()
        if left <= 0:
            raise _too_slow(who)
        connect, read = self._timeout
        timeout = httpx.Timeout(min(read, left), connect=min(connect, left))
        request.extensions = {**request.extensions, "timeout": timeout.as_dict()}

    def _read(self, response: httpx.Response, who: str, give_up_at: float) -> Answer:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > BODY_LIMIT_BYTES:
                raise _malformed(f"{who} answered with more than {BODY_LIMIT_BYTES} bytes")
            if self._clock.monotonic() > give_up_at:
                raise _too_slow(who)
        return Answer(response.status_code, response.headers, bytes(body))


def _followed(request: httpx.Request, following: httpx.Request, who: str) -> httpx.Request:
    schemes = request.url.scheme, following.url.scheme
    if schemes[1] not in {"http", "https"} or schemes == ("https", "http"):
        raise _malformed(f"{who} redirects from {schemes[0]} to {schemes[1]}")
    return following


def _no_answer(who: str, error: httpx.TransportError) -> CannotTell:
    import httpx

    # What the network says is of use; what was received, or refused to be sent, may be a secret.
    quoted = isinstance(error, httpx.NetworkError | httpx.ProxyError) and str(error)
    return CannotTell(
        f"{who} gave no usable answer: {type(error).__name__}{f': {error}' if quoted else ''}",
        reason=Reason.UNREACHABLE,
        # Where no connection comes about there is none a second later; a long wait is not worth another.
        passing=not isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.TimeoutException),
    )


def _too_slow(who: str) -> CannotTell:
    return CannotTell(f"{who} gave no complete answer in time", reason=Reason.UNREACHABLE)


def _malformed(what: str) -> CannotTell:
    return CannotTell(what, reason=Reason.MALFORMED_ANSWER)
