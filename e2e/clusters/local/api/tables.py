"""The columns that `kubectl get` prints; the server makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from e2e.clusters.local.api.objects import Json, parse_time

ACCEPT = "as=Table"

Columns = tuple[str, ...]
Cells = tuple[Any, ...]


def table(body: Json, now: datetime) -> Json:
    """Of a list, an object, or the object of a watch's event. Columns with a `*` are those of `-o wide`."""
    objects = body["items"] if body["kind"].endswith("List") else [body]
    kind = body["kind"].removesuffix("List")
    columns, cells = _TABLES.get(kind, (("Name", "Age"), _name_and_age))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": body["metadata"].get("resourceVersion", "")},
        "columnDefinitions": [_column(name) for name in columns],
        "rows": [{"cells": list(cells(one, now)), "object": _part(one)} for one in objects],
    }


def _column(name: str) -> Json:
    priority = int(name.endswith("*"))
    named = {"name": name.rstrip("*"), "type": "string", "format": "name" if name == "Name" else ""}
    return {**named, "description": "", "priority": priority}


def _part(body: Json) -> Json:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def _age(since: str | None, now: datetime) -> str:
    """In the one or two units that matter: `7s`, `3m5s`, `26h`, `4d`."""
    if not since:
        return "<unknown>"
    return duration(now - parse_time(since))


def duration(length: timedelta) -> str:
    """As kubectl shortens durations."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def _name_and_age(body: Json, now: datetime) -> Cells:
    return body["metadata"]["name"], _age(body["metadata"].get("creationTimestamp"), now)


def _pod(body: Json, now: datetime) -> Cells:
    spec, status = body["spec"], body["status"]
    states = status.get("containerStatuses") or []
    ready = f"{sum(bool(one.get('ready')) for one in states)}/{len(spec['containers'])}"
    every = [*(status.get("initContainerStatuses") or []), *states]
    ended = [
        one["lastState"]["terminated"]["finishedAt"] for one in every if (one.get("lastState") or {}).get("terminated")
    ]
    count = sum(one.get("restartCount", 0) for one in every)
    restarts = f"{count} ({_age(max(ended), now)} ago)" if count and ended else str(count)
    name, age = _name_and_age(body, now)
    node, address = spec.get("nodeName") or "<none>", status.get("podIP") or "<none>"
    return name, ready, pod_status(body), restarts, age, address, node, "<none>", "<none>"


def pod_status(body: Json) -> str:
    """The word of the column STATUS: a phase, or the reason of the container that says more."""
    status = body["status"]
    reason = status.get("reason") or status.get("phase") or "Unknown"
    first = status.get("initContainerStatuses") or []
    for position, one in enumerate(first):
        state = one.get("state") or {}
        if (state.get("terminated") or {"exitCode": 1})["exitCode"] == 0:
            continue
        said = _reason(state)
        reason = f"Init:{said}" if said not in ("", "PodInitializing") else f"Init:{position}/{len(first)}"
        break
    else:
        for one in reversed(status.get("containerStatuses") or []):
            reason = _reason(one.get("state") or {}) or reason
        states = status.get("containerStatuses") or []
        if reason == "Completed" and any("running" in (one.get("state") or {}) for one in states):
            reason = "Running"
    return "Terminating" if "deletionTimestamp" in body["metadata"] else reason


def _reason(state: Json) -> str:
    if "waiting" in state:
        return str(state["waiting"].get("reason") or "")
    if "terminated" in state:
        ended = state["terminated"]
        return str(ended.get("reason") or f"ExitCode:{ended.get('exitCode')}")
    return ""


def _stateful_set(body: Json, now: datetime) -> Cells:
    name, age = _name_and_age(body, now)
    containers = body["spec"]["template"]["spec"].get("containers") or []
    ready = f"{body['status'].get('readyReplicas', 0)}/{body['spec']['replicas']}"
    return (
        name,
        ready,
        age,
        ",".join(one["name"] for one in containers),
        ",".join(one.get("image", "") for one in containers),
    )


def _claim(body: Json, now: datetime) -> Cells:
    spec, status = body["spec"], body["status"]
    name, age = _name_and_age(body, now)
    capacity = (status.get("capacity") or {}).get("storage", "")
    rest = spec.get("storageClassName", ""), "<unset>", age, spec["volumeMode"]
    return name, status.get("phase"), spec.get("volumeName", ""), capacity, _modes(status), *rest


def _volume(body: Json, now: datetime) -> Cells:
    spec, status = body["spec"], body["status"]
    name, age = _name_and_age(body, now)
    claim = spec.get("claimRef") or {}
    bound = f"{claim.get('namespace', '')}/{claim['name']}" if "name" in claim else ""
    policy, capacity = spec["persistentVolumeReclaimPolicy"], (spec.get("capacity") or {}).get("storage", "")
    storage = spec.get("storageClassName", "")
    return (
        name,
        capacity,
        _modes(spec),
        policy,
        status.get("phase"),
        bound,
        storage,
        "<unset>",
        "",
        age,
        spec["volumeMode"],
    )


def _modes(body: Json) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(mode, mode) for mode in body.get("accessModes") or [])


def _namespace(body: Json, now: datetime) -> Cells:
    name, age = _name_and_age(body, now)
    return name, body["status"]["phase"], age


def _event(body: Json, now: datetime) -> Cells:
    about = body.get("involvedObject") or {}
    named = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    seen = body.get("lastTimestamp") or body["metadata"].get("creationTimestamp")
    message = (body.get("message") or "").strip()
    return _age(seen, now), body.get("type", ""), body.get("reason", ""), named, message, body["metadata"]["name"]


_TABLES: Mapping[str, tuple[Columns, Callable[[Json, datetime], Cells]]] = {
    "Pod": (
        ("Name", "Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*", "Readiness Gates*"),
        _pod,
    ),
    "StatefulSet": (("Name", "Ready", "Age", "Containers*", "Images*"), _stateful_set),
    "PersistentVolumeClaim": (
        (
            *("Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass"),
            *("VolumeAttributesClass", "Age", "VolumeMode*"),
        ),
        _claim,
    ),
    "PersistentVolume": (
        (
            *("Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim"),
            *("StorageClass", "VolumeAttributesClass", "Reason", "Age", "VolumeMode*"),
        ),
        _volume,
    ),
    "Namespace": (("Name", "Status", "Age"), _namespace),
    "Event": (("Last Seen", "Type", "Reason", "Object", "Message", "Name*"), _event),
}
