"""Events: what ``kubectl describe statefulset`` shows of a test's story."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet

MESSAGE_LIMIT_CHARACTERS = 1024
"""Of the API server."""


class EventReason(StrEnum):
    """The codes."""

    STARTED = "BootstrapStarted"
    RESUMED = "BootstrapResumed"
    PASSED = "BootstrapPassed"
    FAILED = "BootstrapFailed"
    IMAGE_UPDATED = "ImageUpdated"


def body(
    stateful_set: StatefulSet, reason: EventReason, message: str, *, reported_by: str, now: datetime
) -> JsonObject:
    """An Event on the StatefulSet. Without its uid ``describe`` does not show it."""
    metadata = stateful_set.json["metadata"]
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{stateful_set.name}."},
        "involvedObject": {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "name": stateful_set.name,
            "namespace": metadata.get("namespace", ""),
            "uid": metadata.get("uid", ""),
        },
        "reason": str(reason),
        "message": message[:MESSAGE_LIMIT_CHARACTERS],
        "type": "Warning" if reason is EventReason.FAILED else "Normal",
        "count": 1,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "source": {"component": "bootstrap-monitor"},
        "reportingComponent": "bootstrap-monitor",
        "reportingInstance": reported_by,
    }
