"""The program in a process of its own, with an observer of its effects. ``python -m tests.support.watched ARGUMENTS``.

``WATCHED_EFFECTS`` names a file that gets a line ``<moment> <effect>`` for each. ``WATCHED_KILL`` is
``<n> <moment> <effect>``: at the n-th time of this, the process kills itself, as nobody can survive.
"""

from __future__ import annotations

import os
import signal

from bootstrap_monitor import cli, effects


def watch(record: str, kill: str) -> effects.Observer:
    """The observer."""
    number, _, wanted = kill.partition(" ")
    left = int(number or 0)

    def observe(name: str, moment: effects.Moment) -> None:
        nonlocal left
        what = f"{moment} {name}"
        with open(record, "a", encoding="ascii") as file:  # noqa: PTH123 - before anything else can fail
            file.write(f"{what}\n")
        left -= what == wanted
        if what == wanted and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe


if __name__ == "__main__":
    effects.observers.append(watch(os.environ["WATCHED_EFFECTS"], os.environ.get("WATCHED_KILL", "")))
    cli.main()
