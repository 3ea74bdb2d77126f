"""The one error of asking a registry. Whoever gets it knows nothing: not that an image is new, nor that it is not.

Neither tokens nor addresses with their queries are quoted: hosts are named, and what they answered.
"""

from __future__ import annotations

from enum import StrEnum

from bootstrap_monitor.errors import TransientError


class Reason(StrEnum):
    """Kinds of trouble."""

    UNREACHABLE = "RegistryUnreachable"
    """No answer: DNS, connection, TLS, proxy, time."""
    DENIED = "RegistryDenied"
    """It wants credentials, and only anonymous tokens are asked for."""
    TAG_NOT_FOUND = "TagNotFound"
    """It knows no such repository or tag."""
    THROTTLED = "RegistryThrottled"
    """429."""
    SERVER_ERROR = "RegistryServerError"
    """5xx."""
    MALFORMED_ANSWER = "RegistryMalformedAnswer"
    """An answer that a registry does not give."""


_CHECK = {
    Reason.UNREACHABLE: "DNS, network policies, proxy variables and certificates of this container; "
    "a registry without TLS has to be named by --insecure-registry",
    Reason.DENIED: "whether the image is public: pull secrets are not used to ask",
    Reason.TAG_NOT_FOUND: "whether the tag was deleted; some registries say so of a private repository, too",
    Reason.THROTTLED: "who else asks it from this address",
    Reason.SERVER_ERROR: "the registry's health",
    Reason.MALFORMED_ANSWER: "whether it is a registry that answers, and no proxy's or login page",
}


class CannotTell(TransientError):  # noqa: N818 - what it means for who asks
    """The registry did not say which image it is; ``reason`` is one of :class:`Reason`.

    ``passing``: the same request may succeed within seconds; ``retry_after_seconds`` is what the server asked for.
    """

    def __init__(
        self, what: str, *, reason: Reason, passing: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(
            what,
            reason=str(reason),
            check=_CHECK[reason],
            do="nothing while probe pods succeed: they look instead; --no-registry-check stops asking",
        )
        self.passing = passing
        self.retry_after_seconds = retry_after_seconds


def refusal(who: str, status: int, *, retry_after_seconds: float | None = None) -> CannotTell:
    """For an answer of ``who`` (like ``the registry `docker.io```) other than 200."""
    reason = {
        401: Reason.DENIED,
        403: Reason.DENIED,
        404: Reason.TAG_NOT_FOUND,
        429: Reason.THROTTLED,
    }.get(status, Reason.SERVER_ERROR if 500 <= status <= 599 else Reason.MALFORMED_ANSWER)
    return CannotTell(
        f"{who} answered HTTP {status}",
        reason=reason,
        passing=reason in {Reason.THROTTLED, Reason.SERVER_ERROR},
        retry_after_seconds=retry_after_seconds,
    )
