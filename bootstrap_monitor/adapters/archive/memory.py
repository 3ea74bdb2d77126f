"""How glibc's malloc is to serve threads that pass large pieces to each other."""

from __future__ import annotations

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of ``malloc.h``."""
_KEPT_BYTES = 32 * 1024 * 1024


def reuse_pieces() -> None:
    """Have the memory of a piece serve the next one, whichever thread made it. To be called before threads begin.

    By itself malloc gives each piece back to the system, and page faults are a sixth of the processor's time; and each
    thread has a heap of its own, which keeps what another one frees: with four connections 50 MiB more.
    """
    if sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415 - only where an archive is unpacked

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:  # musl has none
        for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _KEPT_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES)):
            mallopt(option, value)
