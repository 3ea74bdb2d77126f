"""The program's start, also as ``python -m bootstrap_monitor``.

SIGTERM is heard before anything slow is imported: the kernel does not deliver it to a process 1 without a handler, and
it comes only once.
"""

import os
import signal

TERMINATED = 143


def main() -> None:
    """The program; ended by SIGTERM even before it has begun."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(TERMINATED))
    from bootstrap_monitor import cli  # noqa: PLC0415 - with all that it imports

    cli.main()


if __name__ == "__main__":
    main()
