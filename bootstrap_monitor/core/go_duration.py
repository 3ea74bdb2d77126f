"""Durations in Go's syntax (package time, ``ParseDuration`` and ``Duration.String``).

``durationpy`` sums up the parts. It also takes what Go does not (days, blanks between parts, other digits)
and writes ``0``, ``1h`` and ``1ms500us`` where Go writes ``0s``, ``1h0m0s`` and ``1.5ms``: that is done here.
"""

from __future__ import annotations

import re
from datetime import timedelta

import durationpy

_LIMIT = timedelta(microseconds=(2**63 - 1) // 1000)
"""Go counts nanoseconds in 64 bits."""

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_syntax = re.compile(rf"\+?(?:0|(?:{_NUMBER}(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)")
_EXAMPLE = "give one as in '30s', '1m30s', '500ms' or '1h'"


def parse(text: str) -> timedelta:
    """A duration as in ``1m30s``, to the microsecond (nanoseconds are rounded).

    :raises ValueError: a unit is missing or unknown, or it is negative, or beyond Go's 292 years.
    """
    if text.startswith("-"):
        raise ValueError(f"the duration {text!r} is negative; {_EXAMPLE}")
    if not _syntax.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration with units; {_EXAMPLE}")
    try:
        duration: timedelta = durationpy.from_str(text)
    except durationpy.DurationError:
        duration = timedelta.max
    if duration > _LIMIT:
        raise ValueError(f"the duration {text!r} is too long; {_EXAMPLE}")
    return duration


def format(duration: timedelta) -> str:  # noqa: A001 - read as go_duration.format
    """Go's form: ``1h0m0s``, ``1m30s``, ``1.5s``, ``500ms``, ``0s``, ``-2s``."""
    sign = "-" if duration < timedelta() else ""
    microseconds = abs(duration) // timedelta(microseconds=1)
    return sign + _format_positive(microseconds)


def _format_positive(microseconds: int) -> str:
    if microseconds == 0:
        return "0s"
    if microseconds < 1000:
        return f"{microseconds}\u00b5s"
    if microseconds < 1_000_000:
        return f"{_decimal(microseconds, 3)}ms"
    minutes, rest = divmod(microseconds, 60_000_000)
    seconds = f"{_decimal(rest, 6)}s"
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes_of_hour}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _decimal(number: int, digits: int) -> str:
    """``number`` / 10**``digits``, without zeros at the end."""
    whole, fraction = divmod(number, 10**digits)
    return f"{whole}.{fraction:0{digits}}".rstrip("0").rstrip(".")


def nanoseconds(duration: timedelta) -> int:
    """How Go's JSON carries a duration."""
    return duration // timedelta(microseconds=1) * 1000
