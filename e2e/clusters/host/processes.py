"""Starts and ends processes by their recorded ids.

A number alone proves nothing: after a crash it may belong to somebody else's process. A record holds the
start time and the command line too, and a process that differs in either is never signalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from e2e.clusters.host.settings import SEARCH_PATH

PROC = Path("/proc")
KILL_AFTER_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    pid: int
    start_time: int
    argv: tuple[str, ...]

    @classmethod
    def seen(cls, pid: int) -> Process | None:
        """The process as it is now; none when it has ended, also when its parent has not noticed yet."""
        try:
            stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8")
            words = (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        # The name, in parentheses, may hold anything; the fields are counted behind it.
        fields = stat.rpartition(")")[2].split()
        argv = tuple(words.removesuffix("\0").split("\0"))
        return cls(pid, int(fields[19]), argv) if fields[0] not in "ZX" and words else None

    def alive(self) -> bool:
        return Process.seen(self.pid) == self

    def ended(self) -> bool:
        """Unlike a process that is not alive, it has no thread left that could still hold a port."""
        folder = PROC / str(self.pid)
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            return int(fields[19]) != self.start_time or (
                fields[0] in "ZX" and len(list((folder / "task").iterdir())) < 2
            )
        except OSError:
            return True


class Records:
    """One file for each process that was started by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> dict[str, Process]:
        found = {}
        for file in sorted(self._folder.glob("*.json")):
            try:
                fields = json.loads(file.read_text(encoding="utf-8"))
                found[file.stem] = Process(fields["pid"], fields["start_time"], tuple(fields["argv"]))
            except (ValueError, KeyError, TypeError):
                file.unlink()
        return found

    def start(self, name: str, argv: Sequence[str | Path], log: Path, env: Mapping[str, str]) -> Process:
        self._folder.mkdir(parents=True, exist_ok=True)
        words = [str(word) for word in argv]
        process = _spawn(words, log, env)
        temporary = self._folder / f".{name}"
        temporary.write_text(json.dumps(asdict(process)), encoding="utf-8")
        temporary.rename(self._folder / f"{name}.json")
        return process

    def stop(self, name: str) -> None:
        process = self.all().get(name)
        if process is not None:
            end([process])
            self.forget(name)

    def forget(self, name: str) -> None:
        (self._folder / f"{name}.json").unlink(missing_ok=True)


def _spawn(argv: list[str], log: Path, env: Mapping[str, str]) -> Process:
    """A session of its own, so that it outlives the terminal or the CI step that started it."""
    mask = os.umask(0o022)
    try:
        pid = os.posix_spawn(
            argv[0],
            argv,
            {"PATH": SEARCH_PATH, **env},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
    finally:
        os.umask(mask)
    # For a moment after it has become another program, a process shows no command line.
    deadline = time.monotonic() + 1
    while not (process := Process.seen(pid)) and time.monotonic() < deadline:
        time.sleep(0.005)
    return process or Process(pid, 0, tuple(argv))


def running() -> Iterator[Process]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (process := Process.seen(int(entry.name))):
            yield process


def end(processes: Iterable[Process], kill_after: float = KILL_AFTER_SECONDS) -> None:
    """SIGTERM, then SIGKILL to what is still there; returns when all have ended."""
    remaining = [process for process in processes if _signal(process, signal.SIGTERM)]
    deadline = time.monotonic() + kill_after
    while remaining and time.monotonic() < deadline:
        time.sleep(0.02)
        remaining = [process for process in remaining if _still_there(process)]
    kill(remaining)


def kill(processes: Iterable[Process]) -> None:
    """SIGKILL; returns when all have ended."""
    remaining = list(processes)
    for process in remaining:
        _signal(process, signal.SIGKILL)
    while remaining := [process for process in remaining if _still_there(process)]:
        time.sleep(0.02)


def _signal(process: Process, number: signal.Signals) -> bool:
    if not process.alive():
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def _still_there(process: Process) -> bool:
    # When this very process has started it, nobody else can take its exit status.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return not process.ended()
