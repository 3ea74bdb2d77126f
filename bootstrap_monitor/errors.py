"""What can go wrong, in terms of what a person or the kubelet does next.

An error that is none of these is a bug: it keeps its traceback and ends with :attr:`ExitCode.BUG`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a command ends. 75 and 78 are ``EX_TEMPFAIL`` and ``EX_CONFIG`` of sysexits.h."""

    DONE = 0
    """The command did what it is for."""
    BUG = 1
    """An unexpected exception; the log has its traceback."""
    USAGE = 2
    """An option is unknown or its value is bad."""
    TRY_AGAIN = 75
    """Something outside is away or slow; the kubelet's restart is the retry."""
    CONFIGURATION = 78
    """A restart does not help; a person has to change something."""
    TERMINATED = 143
    """SIGTERM. Never 0: the node must not start on half-cleared data."""


class MonitorError(Exception):
    """An expected failure: ``what`` happened, what to ``check``, what to ``do``."""

    exit_code: ClassVar[ExitCode] = ExitCode.TRY_AGAIN

    def __init__(self, what: str, *, reason: str = "", check: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.reason = reason or type(self).__name__
        self.check = check
        self.do = do

    def diagnostics(self) -> str:
        """One line a part, for the log, stderr and the container's termination message."""
        lines = [f"{self.reason}: {self.what}"]
        if self.check:
            lines.append(f"Check: {self.check}")
        if self.do:
            lines.append(f"Do: {self.do}")
        return "\n".join(lines)


class TransientError(MonitorError):
    """Worth another try without anybody's help."""


class DeadlineExceeded(TransientError):  # noqa: N818 - the standard term
    """An operation's time budget is used up."""


class SourceChanged(TransientError):  # noqa: N818 - what happened
    """An archive is no longer the object that was read so far, or nobody can tell: who reads it starts over."""


class ConfigurationError(MonitorError):
    """The same try would fail again: a person has to change something."""

    exit_code = ExitCode.CONFIGURATION


class Terminated(BaseException):
    """SIGTERM came. Not an ``Exception``: no handler of errors may swallow it."""


class ApiError(MonitorError):
    """An answer of the Kubernetes API that is not a success, reduced to the fields of its ``Status``.

    The body itself is dropped: it can hold a Secret. ``status`` is the HTTP status, 0 where no answer came;
    ``retry_after_seconds`` is what the server asked for, if it did.
    """

    def __init__(self, what: str, *, status: int, reason: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(what, reason=reason or f"Http{status}")
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later without anybody's help."""
        return self.status in {0, 401, 408, 429} or self.status >= 500


class NotFound(ApiError):  # noqa: N818
    """404."""


class AlreadyExists(ApiError):  # noqa: N818
    """409 to a create: the name is taken, perhaps by an object that is being deleted."""


class Conflict(ApiError):  # noqa: N818
    """409 to a write: the resourceVersion or the UID is no longer the given one."""


class Forbidden(ApiError):  # noqa: N818
    """403: the ServiceAccount lacks the verb."""

    exit_code = ExitCode.CONFIGURATION


class Invalid(ApiError):  # noqa: N818
    """400, 413 or 422: the API refuses the object for good."""

    exit_code = ExitCode.CONFIGURATION
