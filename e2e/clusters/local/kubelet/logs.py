"""Container logs in files, as a kubelet and a container runtime keep them: NAMESPACE_POD_UID/CONTAINER/RUN.log."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from e2e.clusters.local.api.errors import ApiError, bad_request
from e2e.clusters.local.api.objects import Json

LONGEST_LINE_BYTES = 16384
"""A longer one is cut in pieces (P), the last of which is full (F). A last line without an end is a piece too."""
POLL_SECONDS = 0.1
_WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


class Log:
    """The log of one run of a container, while it is written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()
        self._rests = {"stdout": b"", "stderr": b""}

    def write(self, stream: str, content: bytes) -> None:
        """Whole lines go to the file; the rest waits for its end. After the log's own end, nothing does."""
        if self._file.closed:
            return
        *lines, rest = (self._rests[stream] + content).split(b"\n")
        for line in lines:
            self._entry(stream, line)
        while len(rest) >= LONGEST_LINE_BYTES:
            self._entry(stream, rest[:LONGEST_LINE_BYTES], tag=b"P")
            rest = rest[LONGEST_LINE_BYTES:]
        self._rests[stream] = rest

    def close(self) -> None:
        for stream, rest in self._rests.items():
            if rest:
                self._entry(stream, rest, tag=b"P")
        self._file.close()

    def _entry(self, stream: str, line: bytes, tag: bytes = b"F") -> None:
        while tag == b"F" and len(line) > LONGEST_LINE_BYTES:
            self._entry(stream, line[:LONGEST_LINE_BYTES], tag=b"P")
            line = line[LONGEST_LINE_BYTES:]
        with self._lock:
            seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self._file.write(f"{moment}.{nanoseconds:09}Z {stream} ".encode() + tag + b" " + line + b"\n")


class Logs:
    """All logs of the node, for writing and for the API server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: set[Path] = set()

    def open(self, pod: Json, container: str, run: int) -> Log:
        """Keeps the run before it, and none before that."""
        path = self._path(pod, container, run)
        self._path(pod, container, run - 2).unlink(missing_ok=True)
        self._open.add(path)
        return Log(path)

    def closed(self, pod: Json, container: str, run: int) -> None:
        """Who follows it comes to its end."""
        self._open.discard(self._path(pod, container, run))

    def remove(self, pod: Json) -> None:
        shutil.rmtree(self._folder_of(pod), ignore_errors=True)

    def keep_only(self, uids: Collection[str]) -> None:
        """Removes the logs of all other pods."""
        for folder in self._folder.glob("*_*_*"):
            if folder.name.rpartition("_")[2] not in uids:
                shutil.rmtree(folder, ignore_errors=True)

    def tail(self, pod: Json, container: str, run: int, *, lines: int, limit_bytes: int) -> str:
        """The end of one run's log."""
        found = _content(self._path(pod, container, run), timestamps=False)[-lines:]
        return b"".join(found)[-limit_bytes:].decode(errors="replace")

    def read(
        self,
        pod: Json,
        container: str,
        *,
        previous: bool,
        tail_lines: int | None,
        limit_bytes: int | None,
        timestamps: bool = False,
    ) -> bytes:
        """What is there; the limit counts from the tail's start, and cuts in mid-line.

        :raises ApiError: 400, the container has no log yet.
        """
        if not pod["spec"].get("nodeName"):
            return b""
        path = self._path(pod, container, _run(pod, container, previous=previous))
        return b"".join(_tail(_content(path, timestamps=timestamps), tail_lines))[:limit_bytes]

    def follow(self, pod: Json, container: str, *, tail_lines: int | None, timestamps: bool = False) -> Iterator[bytes]:
        """What is there and what comes, until the container has ended; an empty piece while nothing comes.

        :raises ApiError: 400, the container has no log yet.
        """
        path = self._path(pod, container, _run(pod, container, previous=False))
        lines = _content(path, timestamps=timestamps)
        told = sum(map(len, lines)) - sum(map(len, _tail(lines, tail_lines)))
        while True:
            last = path not in self._open
            content = b"".join(_content(path, timestamps=timestamps))
            yield content[told:]
            told = len(content)
            if last:
                return
            time.sleep(POLL_SECONDS)

    def _folder_of(self, pod: Json) -> Path:
        metadata = pod["metadata"]
        return self._folder / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"

    def _path(self, pod: Json, container: str, run: int) -> Path:
        return self._folder_of(pod) / container / f"{run}.log"


def _tail(lines: list[bytes], count: int | None) -> list[bytes]:
    return lines if count is None else lines[max(0, len(lines) - count) :]


def _content(path: Path, *, timestamps: bool) -> list[bytes]:
    """Lines as they were written, in whole; the last may have no end yet."""
    try:
        entries = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    lines, begun = [], b""
    for entry in entries:
        moment, _, tag, text = entry.split(b" ", maxsplit=3)
        begun += (moment + b" " if timestamps and not begun else b"") + text
        if tag == b"F":
            lines.append(begun + b"\n")
            begun = b""
    return [*lines, begun] if begun else lines


def _run(pod: Json, container: str, *, previous: bool) -> int:
    """Which run's log is asked for, by the container's status."""
    statuses = [*pod["status"].get("initContainerStatuses", []), *pod["status"].get("containerStatuses", [])]
    status = next((one for one in statuses if one["name"] == container), None)
    what = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    if status is None:
        raise bad_request(f"{what} is not available")
    state, last = status["state"], status["lastState"].get("terminated")
    run = int(status["restartCount"])
    if previous:
        if not last:
            name = pod["metadata"]["name"]
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return run if "waiting" in state else run - 1
    waiting = state.get("waiting")
    if waiting and not last:
        raise _waits(what, waiting["reason"])
    return run


def _waits(what: str, reason: str) -> ApiError:
    return bad_request(f"{what} is waiting to start: {_WAITING.get(reason, reason)}")
