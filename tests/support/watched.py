"""The program in a process of its own, with an observer of its effects: at the moment told, it kills itself.

Processes are forked from one that has imported everything: hundreds of starts take seconds, not minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bootstrap_monitor import cli, effects

_CONTEXT = multiprocessing.get_context("forkserver")
# What the program imports late.
_CONTEXT.set_forkserver_preload(
    [
        "tests.support.watched",
        "kubernetes.config.kube_config",
        "tenacity",
        "bootstrap_monitor.commands.init",
        "bootstrap_monitor.adapters.kube.api",
        "bootstrap_monitor.adapters.registry.client",
        "bootstrap_monitor.adapters.volume.clear",
        "bootstrap_monitor.adapters.volume.details_file",
        "bootstrap_monitor.restore_wiring",
    ]
)


def start(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, record: Path, kill: str
) -> ForkServerProcess:
    """The running program, its output appended to ``log``.

    ``record`` gets a line ``<moment> <effect>`` for each effect. ``kill`` is ``<n> <moment> <effect>``: at the n-th
    time of this, the process kills itself, as nobody can survive; or empty.
    """
    process = _CONTEXT.Process(target=_run, args=(list(arguments), dict(environment), log, record, kill))
    process.start()
    return process


def _run(arguments: list[str], environment: dict[str, str], log: Path, record: Path, kill: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    effects.observers.append(_observer(record, kill))
    cli.main()


def _observer(record: Path, kill: str) -> effects.Observer:
    number, _, wanted = kill.partition(" ")
    left = int(number or 0)

    def observe(name: str, moment: effects.Moment) -> None:
        nonlocal left
        what = f"{moment} {name}"
        with record.open("a", encoding="ascii") as file:
            file.write(f"{what}\n")
        left -= what == wanted
        if what == wanted and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe
