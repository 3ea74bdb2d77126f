"""The client: digests of tags, and what indexes list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bootstrap_monitor.adapters.registry.http import Answer, Http
from bootstrap_monitor.adapters.registry.tokens import Tokens
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.digest import is_digest
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.registry import manifest
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason, refusal
from bootstrap_monitor.core.registry.endpoint import Endpoint, endpoint
from bootstrap_monitor.core.registry.insecure import InsecureRegistry
from bootstrap_monitor.core.retry_after import retry_after_seconds
from bootstrap_monitor.retrying import retry_transient
from bootstrap_monitor.timings import (
    REGISTRY_ATTEMPTS,
    REGISTRY_CONNECT_SECONDS,
    REGISTRY_READ_SECONDS,
    REGISTRY_TOTAL_SECONDS,
)

T = TypeVar("T")

_DIGEST_HEADER = "Docker-Content-Digest"
_NO_HEAD = {405, 501}
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class _Manifest:
    """A manifest's digest, which is of the bytes that came, and what it lists."""

    digest: str
    listed: frozenset[str]


class Registry:
    """All registries: an image's own name says which one is asked.

    Every method raises :class:`CannotTell`, and nothing else, within ``total_seconds`` (but for a read of DNS).
    """

    def __init__(
        self,
        clock: Clock,
        insecure: Iterable[InsecureRegistry] = (),
        *,
        timeout: tuple[float, float] = (REGISTRY_CONNECT_SECONDS, REGISTRY_READ_SECONDS),
        total_seconds: float = REGISTRY_TOTAL_SECONDS,
    ) -> None:
        self._clock = clock
        self._insecure = tuple(insecure)
        self._total_seconds = total_seconds
        self._http = Http(clock, timeout)
        self._tokens = Tokens(self._http, clock)
        self._listed: dict[tuple[str, str], frozenset[str]] = {}

    def digest(self, image: ImageReference) -> str:
        """What the image's tag names now: an index, or one image's manifest. By HEAD, which costs no pull quota."""
        reference = image.effective_tag or image.digest or ""
        return self._retried(image, lambda place, until: self._digest(place, reference, until))

    def listed(self, image: ImageReference) -> frozenset[str]:
        """The digests that the index ``image.digest`` lists; none if that is one image's manifest.

        What a digest names never changes, so it is asked once.
        """
        digest = image.digest or ""
        key = image.canonical_repository, digest
        if key not in self._listed:
            found = self._retried(image, lambda place, until: self._manifest(place, digest, until).listed)
            if len(self._listed) >= _REMEMBERED:
                del self._listed[next(iter(self._listed))]
            self._listed[key] = found
        return self._listed[key]

    def _retried(self, image: ImageReference, ask: Callable[[Endpoint, float], T]) -> T:
        place = endpoint(image, self._insecure)
        give_up_at = self._clock.monotonic() + self._total_seconds
        return retry_transient(
            lambda: ask(place, give_up_at),
            clock=self._clock,
            what=f"ask {_who(place)}",
            attempts=REGISTRY_ATTEMPTS,
            budget_seconds=self._total_seconds,
            again=lambda error: isinstance(error, CannotTell) and error.passing,
            level=logging.DEBUG,  # who asks tells of the trouble, once
        )

    def _digest(self, place: Endpoint, reference: str, give_up_at: float) -> str:
        answer = self._ask("HEAD", place, reference, give_up_at)
        claimed = answer.headers.get(_DIGEST_HEADER) if answer.status == 200 else None
        return self._manifest(place, reference, give_up_at).digest if claimed is None else _checked(place, claimed)

    def _manifest(self, place: Endpoint, reference: str, give_up_at: float) -> _Manifest:
        answer = self._ask("GET", place, reference, give_up_at)
        claimed = reference if is_digest(reference) else answer.headers.get(_DIGEST_HEADER)
        digest = manifest.digest(answer.body) if claimed is None else _checked(place, claimed)
        if not manifest.matches(answer.body, digest):
            raise _malformed(place, f"sent bytes that are not those of `{digest}`")
        try:
            return _Manifest(digest, manifest.listed(answer.body))
        except ValueError as error:
            raise _malformed(place, f"sent no manifest: {error}") from error

    def _ask(self, method: str, place: Endpoint, reference: str, give_up_at: float) -> Answer:
        def send() -> Answer:
            headers = {"Accept": manifest.ACCEPT, **self._tokens.headers(place)}
            url = place.manifest_url(reference)
            return self._http.send(method, url, headers, who=_who(place), give_up_at=give_up_at)

        answer = send()
        if answer.status == 401:
            self._tokens.fetch(place, answer.headers.get("WWW-Authenticate", ""), give_up_at=give_up_at)
            answer = send()
        if answer.status == 200 or (method == "HEAD" and answer.status in _NO_HEAD):
            return answer
        asked = retry_after_seconds(answer.headers.get("Retry-After"), self._clock.now())
        raise refusal(_who(place), answer.status, retry_after_seconds=asked)


def _who(place: Endpoint) -> str:
    return f"the registry `{place.registry}`"


def _checked(place: Endpoint, claimed: str) -> str:
    if not is_digest(claimed):
        raise _malformed(place, f"answered with a {_DIGEST_HEADER} that is no digest")
    return claimed


def _malformed(place: Endpoint, what: str) -> CannotTell:
    return CannotTell(f"{_who(place)} {what}", reason=Reason.MALFORMED_ANSWER)
