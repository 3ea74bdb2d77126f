"""The embedded cluster as a process of its own: begun, found again, ended."""

from __future__ import annotations

import fcntl
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from e2e.clusters.errors import ClusterError
from e2e.clusters.local.kubelet import leftovers
from e2e.clusters.local.settings import Delays
from e2e.clusters.local.state import Running, State

ROOT = Path(__file__).resolve().parents[3]
UP_SECONDS = 60.0
DOWN_SECONDS = 30.0
POLL_SECONDS = 0.02


def up(state: State) -> Running:
    """The cluster that runs, or a new one; of one that has died, nothing is kept.

    :raises ClusterError: it does not come up.
    """
    state.claim()
    with _alone(state):
        if running := Running.load(state):
            return running
        _clean(state)
        return _begin(state)


def down(state: State) -> None:
    """No process of it, and no file, is left."""
    if not state.root.exists():
        return
    state.claim()
    with _alone(state):
        if (running := Running.load(state)) and (process := running.process):
            process.terminate()
            try:
                process.wait(DOWN_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(DOWN_SECONDS)
        _clean(state)
    state.remove()


def serve(state: State, delays: Delays) -> None:
    """Be the cluster, until SIGTERM or SIGINT."""
    from e2e.clusters.local.cluster import Cluster  # noqa: PLC0415 - heavier than what the other commands need

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    cluster = Cluster(state, delays)
    try:
        cluster.start()
        ended.wait()
    finally:
        cluster.stop()


def _begin(state: State) -> Running:
    state.log.parent.mkdir(parents=True, exist_ok=True)
    with state.log.open("ab") as log:
        command = [sys.executable, "-m", "e2e.clusters.local", "--state", str(state.root), "serve"]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )

    def running() -> Running | None:
        if process.poll() is not None:
            raise ClusterError(f"it ended with {process.returncode} while it started", f"look at {state.log}")
        return Running.load(state)

    found = _until(running, UP_SECONDS)
    if found is None:
        process.kill()
        raise ClusterError(f"it has not started in {UP_SECONDS:g} s", f"look at {state.log}")
    return found


def _clean(state: State) -> None:
    """A cluster that was ended the hard way leaves its containers."""
    leftovers.kill(state.kubelet)
    state.wipe()


def _until(look: Callable[[], Running | None], seconds: float) -> Running | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(POLL_SECONDS)
    return None


@contextmanager
def _alone(state: State) -> Iterator[None]:
    """One command at a time works on the cluster; others wait for it."""
    with state.lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
