"""The program's start, also as ``python -m bootstrap_monitor``.

SIGTERM is heard before anything slow is imported: the kernel does not deliver it to a process 1 without a handler, and
it comes only once.
"""

import gc
import os
import signal

TERMINATED = 143
GARBAGE_COLLECTION_OBJECTS = 50_000
"""Python looks for cycles after so many new objects. Its 700 make it look a hundred times while modules are imported,
which are never garbage: a fifth of the time to start."""


def main() -> None:
    """The program; ended by SIGTERM even before it has begun."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    gc.set_threshold(GARBAGE_COLLECTION_OBJECTS)
    from bootstrap_monitor import cli  # noqa: PLC0415 - with all that it imports

    # No look for cycles goes through it again, not even at Python's own end: that was a seventh of `--help`.
    gc.freeze()
    cli.main()


if __name__ == "__main__":
    main()
