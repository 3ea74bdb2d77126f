"""What the containers of a namespace have written, also those of pods that are gone.

The kubelet removes a pod's logs with the pod. An open file outlives that: each is opened as soon as it appears.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from e2e.kit.api import Json

SCAN_SECONDS = 0.1


@dataclass(frozen=True)
class Line:
    """One line of one run of a container."""

    time: str
    """RFC 3339 with nanoseconds, from the container runtime; sorts as text."""
    pod: str
    uid: str
    container: str
    run: int
    """0 for the container's first start in this pod."""
    stream: str
    text: str

    @property
    def json(self) -> Json:
        """The line's JSON object; empty where it is not one."""
        try:
            found: Any = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def message(self) -> str:
        """`msg` of a log line of the monitor."""
        return str(self.json.get("msg", ""))


@dataclass(frozen=True)
class _Key:
    pod: str
    uid: str
    container: str
    run: int


class ContainerLogs:
    """A thread that holds the log files of a namespace's containers open."""

    def __init__(self, folder: Path, namespace: str) -> None:
        self._folder = folder
        self._namespace = namespace
        self._files: dict[_Key, BufferedReader] = {}
        self._content: dict[_Key, bytes] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"logs of {namespace}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()

    def lines(self, *containers: str) -> list[Line]:
        """All lines so far, oldest first; of these containers, or of all."""
        self._scan()
        with self._lock:
            for key, file in self._files.items():
                self._content[key] = self._content.get(key, b"") + file.read()
            found = [
                line
                for key, content in self._content.items()
                if not containers or key.container in containers
                for line in _lines(key, content)
            ]
        return sorted(found, key=lambda line: line.time)

    def _follow(self) -> None:
        while not self._stop.wait(SCAN_SECONDS):
            self._scan()

    def _scan(self) -> None:
        for path in self._paths():
            _, pod, uid = path.parent.parent.name.split("_")
            key = _Key(pod, uid, path.parent.name, int(path.stem))
            with self._lock:
                if key not in self._files and not self._stop.is_set():
                    try:
                        self._files[key] = path.open("rb")
                    except OSError:  # gone again: the container never wrote
                        continue

    def _paths(self) -> list[Path]:
        while True:
            try:
                return list(self._folder.glob(f"{self._namespace}_*/*/*.log"))
            except FileNotFoundError:  # a pod's folder went away between being listed and being looked into
                continue


def _lines(key: _Key, content: bytes) -> Iterator[Line]:
    """The runtime cuts long lines in pieces (P), the last of which is full (F)."""
    pieces: list[str] = []
    for entry in content.decode(errors="replace").split("\n")[:-1]:
        time, stream, tag, text = entry.split(" ", maxsplit=3)
        pieces.append(text)
        if tag == "F":
            yield Line(time, key.pod, key.uid, key.container, key.run, stream, "".join(pieces))
            pieces.clear()
