"""The real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60
"""What a process may take; nothing is measured by it."""

Program = subprocess.Popen[str]
PROGRAM = ("-m", "bootstrap_monitor")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Of this process what is not the program's, and these."""
    ours = ("BOOTSTRAP_MONITOR_", "POD_", "KUBE")
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(ours) and name.lower() not in proxies
    }
    return {**inherited, **variables}


@contextmanager
def started(*arguments: str, python: tuple[str, ...] = PROGRAM, **variables: str) -> Iterator[Program]:
    """The process, with its output to be read; killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, *python, *arguments],
        env=environment(variables),
        cwd=ROOT,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(*arguments: str, python: tuple[str, ...] = PROGRAM, **variables: str) -> subprocess.CompletedProcess[str]:
    """The process, ended."""
    with started(*arguments, python=python, **variables) as process:
        out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
