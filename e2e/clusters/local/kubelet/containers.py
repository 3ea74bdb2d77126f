"""A container is a process: found in its image, started in a group of its own, ended with all that it started."""

from __future__ import annotations

import contextlib
import itertools
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from e2e.clusters.local.kubelet.leftovers import Records, members
from e2e.clusters.local.kubelet.logs import Log

# Where an image's programs are, by the path that images have without one of their own.
_PROGRAMS = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
_SECONDS_TO_READ_THE_REST = 1.0
_POLL_SECONDS = 0.01
_numbers = itertools.count(1)


def new_id(pid: int | None = None) -> str:
    """A container's id; without a process for one that could not be started."""
    return f"process://{pid or 'none'}-{next(_numbers)}"


class StartError(Exception):
    """The program is not there, or is none."""


@dataclass(frozen=True)
class Start:
    """What is started."""

    words: Sequence[str]
    folder: Path
    """Where it works."""
    environment: Mapping[str, str]
    root: Path
    """The image's files. A program that is not among them is the machine's."""


class Process:
    """The running container. ``ended`` is called, in a thread of its own, when nothing of it lives any more."""

    def __init__(self, start: Start, log: Log, records: Records, ended: Callable[[], None]) -> None:
        """:raises StartError: see there. :raises OSError: the program's interpreter is not there."""
        program = _located(start)
        start.folder.mkdir(parents=True, exist_ok=True)
        self._popen = subprocess.Popen(
            [program, *start.words[1:]],
            cwd=start.folder,
            env=dict(start.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        self.started_at = datetime.now(UTC)
        self.finished_at: datetime | None = None
        self.exit_code = 0
        """As shells have it: 128 and the signal's number for a process that was killed."""
        self.id = new_id(self._popen.pid)
        self._log = log
        self._records = records
        self._ended = ended
        records.add(self._popen.pid)
        self._reader = threading.Thread(target=self._read, name=f"log of {self.id}", daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, name=f"end of {self.id}", daemon=True).start()

    @property
    def group(self) -> int:
        """The id of its process group."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Until the whole group has gone."""
        return self.finished_at is None

    def terminate(self) -> None:
        """SIGTERM to the first process, as to the first in a container."""
        self._popen.terminate()

    def kill(self) -> None:
        """SIGKILL to all of them."""
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def _wait(self) -> None:
        code = self._popen.wait()
        # Nothing outlives the first process of a container.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        while members(self._popen.pid):
            time.sleep(_POLL_SECONDS)
        # What left the group may hold the pipes, and is not waited for.
        self._reader.join(_SECONDS_TO_READ_THE_REST)
        self._log.close()
        self._records.remove(self._popen.pid)
        self.exit_code = 128 - code if code < 0 else code
        self.finished_at = datetime.now(UTC)
        self._ended()

    def _read(self) -> None:
        streams = {"stdout": self._popen.stdout, "stderr": self._popen.stderr}
        with selectors.DefaultSelector() as ready:
            for name, stream in streams.items():
                assert stream
                ready.register(stream, selectors.EVENT_READ, name)
            while ready.get_map():
                for key, _ in ready.select():
                    content = os.read(key.fd, 65536)
                    if content:
                        self._log.write(key.data, content)
                    else:
                        ready.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr] # a stream


def _located(start: Start) -> str:
    name = start.words[0] if start.words else ""
    if not name:
        raise StartError("no command specified")
    if "/" not in name:
        inside = [start.root / folder / name for folder in _PROGRAMS]
        found = next((str(path) for path in inside if path.is_file()), None)
        found = found or shutil.which(name, path=start.environment.get("PATH", os.defpath))
        if found is None:
            raise StartError(f'exec: "{name}": executable file not found in $PATH')
        return found
    path = start.folder / name
    if name.startswith("/") and (start.root / name.lstrip("/")).exists():
        path = start.root / name.lstrip("/")
    if not path.is_file():
        raise StartError(f'exec: "{name}": stat {name}: no such file or directory')
    if not os.access(path, os.X_OK):
        raise StartError(f'exec: "{name}": permission denied')
    return str(path)
