"""What a pod's object says to the one who controls it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from e2e.clusters.local.api.objects import Json, labels_of, parse_time

REVISION_LABEL = "controller-revision-hash"
_NAME = re.compile(r"(?P<parent>.*)-(?P<ordinal>[0-9]+)")


def ordinal(pod: Json, stateful_set: str) -> int | None:
    """Its number in the StatefulSet of that name; none when it is named otherwise."""
    found = _NAME.fullmatch(pod["metadata"]["name"])
    return int(found["ordinal"]) if found and found["parent"] == stateful_set else None


def revision(pod: Json) -> str:
    return labels_of(pod).get(REVISION_LABEL, "")


def is_terminating(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def is_finished(pod: Json) -> bool:
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def is_ready(pod: Json) -> bool:
    """Running and Ready, also while it terminates."""
    return _ready_condition(pod) is not None


def is_available(pod: Json, min_ready: timedelta, now: datetime) -> bool:
    """Ready for as long as that."""
    ready = _ready_condition(pod)
    if ready is None:
        return False
    return not min_ready or parse_time(ready["lastTransitionTime"]) + min_ready <= now


def _ready_condition(pod: Json) -> Json | None:
    status = pod.get("status", {})
    if status.get("phase") != "Running":
        return None
    conditions = status.get("conditions") or []
    return next((one for one in conditions if one["type"] == "Ready" and one["status"] == "True"), None)
