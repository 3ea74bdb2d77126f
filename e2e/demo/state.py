"""What there is to be seen, from JSON of the API server, the node and the monitor's log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from e2e.kit.api import Json
from e2e.kit.logs import Line
from e2e.kit.manifests import NODE, RESULTS_ANNOTATION, TRACKED_TAG_ANNOTATION

WATCHING = "Watching the node"
TOLD = ("reason", "message", "image", "failing")
"""The fields of a log entry that are shown after its message."""
_DIGEST = re.compile("(sha256:[0-9a-f]{8})[0-9a-f]{56}")
_HEIGHT = re.compile(r'^avalanche_snowman_last_accepted_height\{chain="(\w+)"\} (\d+)', re.MULTILINE)


@dataclass(frozen=True)
class Pod:
    """As `kubectl get pods` shows it."""

    name: str
    uid: str
    ready: str
    status: str
    restarts: int
    age_seconds: float
    image: str
    """Of the node's container; of the only one in a probe pod."""
    runs: bool
    """Whether that container does, and is not asked to end."""


@dataclass(frozen=True)
class Node:
    """What the node tells of itself."""

    heights: Mapping[str, int]
    """By chain."""
    bootstrapping: tuple[str, ...]
    """The ids of the networks that are not done."""
    healthy: bool


@dataclass(frozen=True)
class Disk:
    """Bytes: of the test's data, and what is left for them."""

    used: int
    free: int


@dataclass(frozen=True)
class Result:
    """A test's stored outcome."""

    image: str
    start: str
    verdict: str
    reason: str
    message: str
    seconds: float
    disk_bytes: int | None


@dataclass(frozen=True)
class Logged:
    """A line of the monitor's log."""

    time: str
    uid: str
    container: str
    level: str
    message: str
    start: str | None = None
    """Of the test, where the line tells it."""
    details: str = ""


@dataclass(frozen=True)
class State:
    """One look at everything."""

    pods: tuple[Pod, ...] = ()
    image: str = ""
    """The node's, in the template."""
    tag: str = ""
    """The one that is followed."""
    node: Node | None = None
    disk: Disk | None = None
    results: tuple[Result, ...] = ()
    """Newest first."""
    log: tuple[Logged, ...] = field(default=(), repr=False)
    """Oldest first."""

    @property
    def pod(self) -> Pod | None:
        """The one that runs the test."""
        return next((pod for pod in self.pods if not pod.name.endswith("-image-probe")), None)

    @property
    def start(self) -> str | None:
        """Of the test that the present pod runs, as its sidecar has read it from the volume."""
        return next((line.start for line in reversed(self.log) if line.uid == self.uid and line.start), None)

    @property
    def uid(self) -> str:
        """Of the pod that runs the test."""
        return self.pod.uid if self.pod else ""

    @property
    def pinned(self) -> bool:
        """Whether the template names a digest."""
        return "@sha256:" in self.image

    @property
    def result(self) -> Result | None:
        """Of the test that runs."""
        return next((one for one in self.results if one.start == self.start), None)


def short(image: str) -> str:
    """An image by the beginning of its digest, or by its tag."""
    _, at, digest = image.partition("@")
    return shortened(digest) if at else f":{image.rpartition(':')[2]}"


def shortened(text: str) -> str:
    """With the beginnings of its digests."""
    return _DIGEST.sub(r"\1", text)


def pods(bodies: Iterable[Json], now: datetime) -> tuple[Pod, ...]:
    """From Pod objects."""
    return tuple(_pod(body, now) for body in sorted(bodies, key=lambda body: str(body["metadata"]["name"])))


def _pod(body: Json, now: datetime) -> Pod:
    metadata, containers, status = body["metadata"], body["spec"]["containers"], body.get("status", {})
    statuses = status.get("containerStatuses", [])
    init = status.get("initContainerStatuses", [])
    ending = bool(metadata.get("deletionTimestamp"))
    node = next((one for one in containers if one["name"] == NODE), containers[0])
    running = {one["name"] for one in statuses if "running" in one.get("state", {})}
    created = datetime.fromisoformat(metadata["creationTimestamp"])
    return Pod(
        name=metadata["name"],
        uid=metadata["uid"],
        ready=f"{sum(one['ready'] for one in statuses)}/{len(containers)}",
        status="Terminating" if ending else _status(status, init, statuses),
        restarts=sum(one["restartCount"] for one in (*init, *statuses)),
        age_seconds=max(0.0, (now - created).total_seconds()),
        image=node["image"],
        runs=node["name"] in running and not ending,
    )


def _status(status: Json, init: Sequence[Json], statuses: Sequence[Json]) -> str:
    for one in init:
        state = one.get("state", {})
        if "terminated" not in state or state["terminated"]["exitCode"]:
            reason = next((of.get("reason") for of in state.values()), None)
            unfinished = f"Init:{sum('terminated' in other.get('state', {}) for other in init)}/{len(init)}"
            return unfinished if reason in {None, "PodInitializing"} else f"Init:{reason}"
    for one in statuses:
        for kind, of in one.get("state", {}).items():
            if kind != "running" and of.get("reason"):
                return str(of["reason"])
    return str(status.get("reason") or status.get("phase", "Pending"))


def node(health: str, metrics: str) -> Node:
    """From the bodies of /ext/health and /ext/metrics.

    :raises ValueError: the health is not JSON.
    """
    told = json.loads(health)
    bootstrapping = told["checks"].get("bootstrapped", {}).get("message") or []
    heights = {chain: int(height) for chain, height in _HEIGHT.findall(metrics)}
    return Node(heights, tuple(bootstrapping), told["healthy"])


def image(stateful_set: Json) -> str:
    """The node's, in the template."""
    containers = stateful_set["spec"]["template"]["spec"]["containers"]
    return str(next(one["image"] for one in containers if one["name"] == NODE))


def tag(stateful_set: Json) -> str:
    """The one that is followed; of the image, as long as nothing is pinned."""
    annotations = stateful_set["spec"]["template"]["metadata"].get("annotations") or {}
    return str(annotations.get(TRACKED_TAG_ANNOTATION) or image(stateful_set).rpartition(":")[2])


def results(stateful_set: Json) -> tuple[Result, ...]:
    """From the annotation."""
    entries = json.loads((stateful_set["metadata"].get("annotations") or {}).get(RESULTS_ANNOTATION) or "[]")
    return tuple(
        Result(
            image=one["image"],
            start=one["start"],
            verdict=one["verdict"],
            reason=one["reason"],
            message=one["message"],
            seconds=one["durationSeconds"],
            disk_bytes=one["diskBytes"],
        )
        for one in entries
    )


def log(lines: Iterable[Line]) -> tuple[Logged, ...]:
    """What is no line of the monitor's JSON log is left out."""
    return tuple(_logged(line) for line in lines if line.message)


def _logged(line: Line) -> Logged:
    entry = line.json
    start = entry.get("startTime") if line.message == WATCHING else None
    told = " ".join(_words(entry[key]) for key in TOLD if entry.get(key))
    return Logged(line.time, line.uid, line.container, str(entry.get("level", "info")), line.message, start, told)


def _words(value: object) -> str:
    """Of a log entry's field; a repository is the same in all of them."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return short(text) if "/" in text and "@sha256:" in text and " " not in text else shortened(text)
