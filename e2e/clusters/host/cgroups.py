"""The control group that holds every container of this cluster: the kernel's record of what belongs to it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.settings import CGROUP

MOUNTS = Path("/proc/self/mountinfo")
END_SECONDS = 15.0


def create() -> None:
    for hierarchy, kind in _hierarchies():
        (hierarchy / CGROUP).mkdir(exist_ok=True)
        if kind == "cgroup2" and (controllers := (hierarchy / "cgroup.controllers").read_text().split()):
            # Version 2 hands controllers down only where it is told to.
            enabled = " ".join(f"+{name}" for name in controllers)
            (hierarchy / "cgroup.subtree_control").write_text(enabled)


def remove() -> None:
    """Ends every process of every container, then removes the groups."""
    kill()
    deadline = time.monotonic() + END_SECONDS
    for folder in _groups():
        # A group stays busy for a moment after its last process.
        _remove_folder(folder, deadline)


def kill() -> None:
    """SIGKILL to every process of every container; returns when all have ended."""
    deadline = time.monotonic() + END_SECONDS
    while pids := set(_members()):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"processes of containers do not end: {sorted(pids)}",
                "look at their state with ps (D: waits for a disk or a mount), then run down again",
            )
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _remove_folder(folder: Path, deadline: float) -> None:
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _hierarchies() -> Iterator[tuple[Path, str]]:
    for line in MOUNTS.read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind = after.split()[0]
        if kind in {"cgroup", "cgroup2"}:
            yield Path(before.split()[4]), kind


def _groups() -> Iterator[Path]:
    """Children before their parents."""
    for hierarchy, _ in _hierarchies():
        for folder, _, _ in os.walk(hierarchy / CGROUP, topdown=False):
            yield Path(folder)


def _members() -> Iterator[int]:
    for folder in _groups():
        with contextlib.suppress(OSError):
            yield from (int(pid) for pid in (folder / "cgroup.procs").read_text().split())
