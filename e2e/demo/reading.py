"""From JSON of the API server, the node and the monitor's log to what there is to be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from e2e.demo.state import Logged, Node, Pod, Result, short, shortened
from e2e.kit.api import Json
from e2e.kit.logs import Line
from e2e.kit.manifests import NODE, RESULTS_ANNOTATION, TRACKED_TAG_ANNOTATION

WATCHING = "Watching the node"
TOLD = ("reason", "message", "image", "failing")
"""The fields of a log entry that are shown after its message."""
_HEIGHT = re.compile(r'^avalanche_snowman_last_accepted_height\{chain="(\w+)"\} (\d+)', re.MULTILINE)


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
