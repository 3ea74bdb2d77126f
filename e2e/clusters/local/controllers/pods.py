"""What a pod's object says to the one who controls it."""

from __future__ import annotations

import re

from e2e.clusters.local.api.objects import Json, labels_of

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
    return pod["status"].get("phase") in ("Failed", "Succeeded")


def is_ready(pod: Json) -> bool:
    """Running and Ready, also while it terminates."""
    status = pod["status"]
    conditions = status.get("conditions") or []
    return status.get("phase") == "Running" and any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions
    )


def is_healthy(pod: Json) -> bool:
    return is_ready(pod) and not is_terminating(pod)
