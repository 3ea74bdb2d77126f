"""Ways in which a test fails. Each begins with a rig, and tells after how many seconds the verdict is due."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HttpAnswer
from bootstrap_monitor.core.verdict.reason import Reason
from tests.support.manifests import NODE
from tests.support.rig import AWAY, BOOTSTRAPPING, FakeNode, Rig, health

MINUTE = 60.0
HOUR = 3600.0
SICK = health(healthy=False)
FULL = HttpAnswer(503, json.dumps({"healthy": False, "checks": {"diskspace": {"error": "too little"}}}).encode())


def status(rig: Rig, **fields: Any) -> None:
    """What the kubelet says of the node's container."""
    rig.cluster.pod["status"]["containerStatuses"] = [{"name": NODE, "state": {"running": {}}, **fields}]


def stalled(rig: Rig) -> float:
    rig.node = FakeNode(BOOTSTRAPPING)
    return 6 * HOUR


def unhealthy(rig: Rig) -> float:
    rig.node = FakeNode(SICK)
    return 6 * HOUR


def volume_full(rig: Rig) -> float:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.space = lambda: DiskSpace(total_bytes=1000, available_bytes=49)
    return 0


def diskspace_check(rig: Rig) -> float:
    rig.node = FakeNode(FULL)
    return 0


def not_started(rig: Rig) -> float:
    rig.node = FakeNode(AWAY)
    status(rig, state={"waiting": {"reason": "ImagePullBackOff", "message": "not found"}})
    return 30 * MINUTE


def crash_loop(rig: Rig) -> float:
    rig.node = FakeNode(AWAY)
    status(rig, restartCount=1)
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    rig.clock.at(5 * MINUTE - 1, lambda: status(rig, restartCount=6, lastState=ended))
    return 5 * MINUTE


def overdue(rig: Rig) -> float:
    rig.node = FakeNode(BOOTSTRAPPING)
    return 30 * MINUTE


WAYS = {
    stalled: Reason.STALLED,
    unhealthy: Reason.UNHEALTHY,
    volume_full: Reason.VOLUME_FULL,
    diskspace_check: Reason.VOLUME_FULL,
    not_started: Reason.NODE_NOT_STARTED,
    crash_loop: Reason.CRASH_LOOP,
    overdue: Reason.DEADLINE_EXCEEDED,
}
OPTIONS: dict[Any, dict[str, Any]] = {overdue: {"max_duration": timedelta(days=1)}}
