"""Anonymous tokens, as a registry's ``WWW-Authenticate`` asks for them."""
# ruff: noqa: PLC0415 - httpx takes 100 ms to import

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from bootstrap_monitor.adapters.registry.http import Http
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason, refusal
from bootstrap_monitor.core.registry.challenge import Bearer, bearer
from bootstrap_monitor.core.registry.endpoint import Endpoint
from bootstrap_monitor.core.retry_after import retry_after_seconds

_DEFAULT_LIFETIME_SECONDS = 60.0
"""Where the server tells none, by the distribution specification."""

_header_value = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    valid_until: float


class Tokens:
    """One token a repository, for as long as it is valid."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._tokens: dict[Endpoint, _Token] = {}

    def headers(self, endpoint: Endpoint) -> dict[str, str]:
        """``Authorization``, where there is a token."""
        token = self._tokens.get(endpoint)
        if token is None or self._clock.monotonic() >= token.valid_until:
            return {}
        return {"Authorization": f"Bearer {token.value}"}

    def fetch(self, endpoint: Endpoint, www_authenticate: str, *, give_up_at: float) -> None:
        """A new one.

        :raises CannotTell: there is none to have without credentials, or not now.
        """
        self._tokens.pop(endpoint, None)
        challenge = bearer(www_authenticate)
        if challenge is None:
            raise _denied(f"the registry `{endpoint.registry}` wants credentials")
        who = f"the token server of the registry `{endpoint.registry}`"
        url = _url(challenge, endpoint)
        answer = self._http.send("GET", url, {"Accept": "application/json"}, who=who, give_up_at=give_up_at)
        if answer.status in {429, *range(500, 600)}:
            asked = retry_after_seconds(answer.headers.get("Retry-After"), self._clock.now())
            raise refusal(who, answer.status, retry_after_seconds=asked)
        if answer.status != 200:
            raise _denied(f"{who} answered HTTP {answer.status}")
        self._tokens[endpoint] = _token(answer.body, who, self._clock.monotonic())


def _url(challenge: Bearer, endpoint: Endpoint) -> str:
    """The realm with its query, and service and scope in it."""
    import httpx

    who = f"the registry `{endpoint.registry}`"
    try:
        realm = httpx.URL(challenge.realm)
    except httpx.InvalidURL as error:
        raise _malformed(f"{who} names a token server by no address") from error
    schemes = ("https",) if endpoint.encrypted else ("http", "https")
    if realm.scheme not in schemes or not realm.host:
        raise _malformed(f"{who} names a token server that is not at {' or '.join(schemes)}")
    asked = {"service": challenge.service, "scope": challenge.scope or f"repository:{endpoint.path}:pull"}
    return str(realm.copy_merge_params({name: value for name, value in asked.items() if value}))


def _token(body: bytes, who: str, now: float) -> _Token:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    answer: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    value = answer.get("token") or answer.get("access_token")
    if not isinstance(value, str) or not _header_value.fullmatch(value):
        raise _malformed(f"{who} answered without a token")
    lifetime = answer.get("expires_in")
    seconds = float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else _DEFAULT_LIFETIME_SECONDS
    return _Token(value, now + seconds)


def _denied(what: str) -> CannotTell:
    return CannotTell(what, reason=Reason.DENIED)


def _malformed(what: str) -> CannotTell:
    return CannotTell(what, reason=Reason.MALFORMED_ANSWER)
