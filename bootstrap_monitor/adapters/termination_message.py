"""The container's termination message: what ``kubectl describe pod`` shows of a container that ended."""

from __future__ import annotations

import logging
import os

from bootstrap_monitor.effects import effect

log = logging.getLogger(__name__)

VARIABLE = "BOOTSTRAP_MONITOR_TERMINATION_LOG"
"""Names the file where the container has another ``terminationMessagePath``."""
PATH = "/dev/termination-log"
LIMIT_BYTES = 4096
"""The kubelet reads no more."""


@effect("termination message.write")
def write(text: str, path: str | None = None) -> None:
    """Replace the message, as well as it goes: cut at 4096 bytes of UTF-8, and without an :class:`OSError`.

    The file is the kubelet's: where there is none, as outside of a container, none is made.
    """
    path = path or os.environ.get(VARIABLE) or PATH
    content = text.encode(errors="replace")[:LIMIT_BYTES].decode(errors="ignore").encode()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC), "wb") as file:
            file.write(content)
    except OSError as error:
        log.debug("termination message not written to %s: %s", path, error)
