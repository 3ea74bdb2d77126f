"""Errors of every kind of source, in one set of words. ``who`` is a source's name for people."""

from __future__ import annotations

from bootstrap_monitor.errors import ConfigurationError, MonitorError, TransientError

FORBIDDEN = "SourceForbidden"
NOT_FOUND = "SourceNotFound"
REFUSED = "SourceRefused"
UNREACHABLE = "SourceUnreachable"


class TryLater(TransientError):  # noqa: N818 - what to do
    """No answer, or one that may be another one later. ``retry_after_seconds`` is what the server asked for."""

    def __init__(self, what: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(what, reason=UNREACHABLE)
        self.retry_after_seconds = retry_after_seconds


def of_status(who: str, status: int, *, retry_after_seconds: float | None = None) -> MonitorError:
    """What an HTTP status other than 200 and 206 means for who reads."""
    if status in {408, 425, 429} or status >= 500:
        return TryLater(f"{who} answered with status {status}", retry_after_seconds=retry_after_seconds)
    if status in {401, 403}:
        return forbidden(who, f"status {status}")
    if status in {404, 410}:
        return not_found(who, f"status {status}")
    return refused(who, f"the answer is status {status}")


def refused(who: str, how: str, *, do: str = "Correct the address, or ask who runs the server.") -> ConfigurationError:
    """It cannot be had in this way; ``how`` that shows."""
    return ConfigurationError(
        f"{who} cannot be read: {how}",
        reason=REFUSED,
        check="whether the address is right, and what the server's own log says",
        do=do,
    )


def forbidden(who: str, how: str) -> ConfigurationError:
    """The credentials are missing, wrong or expired; ``how`` the server said so."""
    return ConfigurationError(
        f"{who} may not be read ({how})",
        reason=FORBIDDEN,
        check="the credentials and what they allow; a signed address expires: when was it made, and for how long?",
        do="Give credentials that may read it, or an address signed anew for longer than the download takes.",
    )


def not_found(who: str, how: str) -> ConfigurationError:
    """There is no such object; ``how`` the server said so."""
    return ConfigurationError(
        f"{who} does not exist ({how})",
        reason=NOT_FOUND,
        check="the address; who publishes archives may have removed this one",
        do="Give the address of an archive that exists.",
    )
