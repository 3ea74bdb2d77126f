"""Ctrl-C: the demonstration ends with 128 and the signal's number, and clears up, which nothing interrupts."""

from __future__ import annotations

import signal
import sys
from types import FrameType

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_SECONDS = 0.05


def install() -> None:
    for number in ENDS:
        signal.signal(number, _end)
    sys.unraisablehook = _swallowed


def _end(number: int, _: FrameType | None) -> None:
    for other in ENDS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def _swallowed(unraisable: sys.UnraisableHookArgs) -> None:
    """A finalizer swallows what is raised in it: raised again, a moment later."""
    if not isinstance(unraisable.exc_value, SystemExit):
        sys.__unraisablehook__(unraisable)
        return
    code = unraisable.exc_value.code
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(code))
    signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
