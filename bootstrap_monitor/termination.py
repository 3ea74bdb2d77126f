"""SIGTERM: the program ends within a second, whatever it is doing, with 143.

As PID 1 without a handler, Python would ignore the signal and the kubelet would wait for the whole grace period. The
handler raises, because Python restarts a blocked read after a handler that returns.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

from bootstrap_monitor.errors import ExitCode, Terminated
from bootstrap_monitor.timings import SIGTERM_LIMIT_SECONDS

log = logging.getLogger(__name__)


def install_handler() -> None:
    """Turn the first SIGTERM into :class:`Terminated` in the main thread; end the process if that takes too long."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = _swallowed


def _swallowed(unraisable: sys.UnraisableHookArgs) -> None:
    """A finalizer swallows what is raised in it. SIGTERM there is no error to tell of: the timer ends the process."""
    if unraisable.exc_type is not Terminated:
        sys.__unraisablehook__(unraisable)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # A raise can be swallowed (by a finalizer) or held up (by a cleanup that blocks): this cannot.
    limit = threading.Timer(SIGTERM_LIMIT_SECONDS, os._exit, (int(ExitCode.TERMINATED),))
    limit.daemon = True
    limit.start()
    raise Terminated
