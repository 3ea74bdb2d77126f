"""A test that is under way: begun, with data that would be missed, and what the monitor has decided about it."""

from __future__ import annotations

import json
from collections import Counter

from e2e.kit.api import Json
from e2e.kit.manifests import INIT, PIN_ATTEMPTS_ANNOTATION, SIDECAR, Tester
from e2e.kit.rig import Rig

BOOTSTRAPPING: Json = {"bootstrapping": ["2Z36RnQuk1hvsnFeGWzfZUfXNr7w1SjzmDQ78YxfTVNAkDq3nZ"]}
"""To the scripted node."""
NOT_READY: Json = {"delaySeconds": 1.5}
"""Slower than the readiness probe waits, and the sidecar waits longer: never Ready, and yet healthy."""

STARTING, RESUMING = "Starting bootstrap test", "Resuming bootstrap test"
UNHEALTHY, HEALTHY = "Node reported unhealthy", "Node reported healthy"
COMPLETED = "Bootstrap completed successfully"
UNCHANGED = "Image unchanged"


def start_test(rig: Rig, tester: Tester) -> Json:
    """Deploy; pinned, and the node has begun its data; answers the details."""
    rig.deploy(tester)
    rig.until_logged(UNHEALTHY, SIDECAR)
    rig.until((rig.node_data() / "db" / "started").exists, "the node's data")
    keep(rig)
    details = rig.details()
    assert details["image"] == rig.pod_image() == rig.node_image.pinned
    assert attempts(rig) == {"pin": 1}
    return details


def keep(rig: Rig) -> None:
    """Something among the node's data that would be missed."""
    (rig.node_data() / "db" / "kept").touch()


def is_kept(rig: Rig) -> bool:
    return (rig.node_data() / "db" / "kept").exists()


def reasons(rig: Rig, uid: str | None = None) -> list[str]:
    """Of what `init` decided; a container that ended by SIGTERM may be started once more before its pod is gone."""
    found = [entry["reason"] for entry in rig.logged("Decided", INIT, uid=uid)]
    return [reason for reason in found if reason != "PodTerminating"]


def attempts(rig: Rig) -> dict[str, int]:
    """The recorded pins and self-deletions, by kind."""
    return Counter(one["kind"] for one in json.loads(rig.annotation(PIN_ATTEMPTS_ANNOTATION) or "[]"))


def edits(rig: Rig) -> int:
    """The API server counts the edits of the StatefulSet's spec."""
    return int(rig.stateful_set()["metadata"]["generation"])


def errors(rig: Rig, container: str, *parts: str) -> list[Json]:
    """The log's entries of level error whose message has these parts."""
    entries = [line.json for line in rig.logs(container)]
    return [one for one in entries if one.get("level") == "error" and all(part in one["msg"] for part in parts)]


def tracebacks(rig: Rig) -> list[str]:
    """What the monitor logged of errors that nobody had thought of."""
    return [line.text for line in rig.logs(INIT, SIDECAR) if "Traceback" in line.text or "stacktrace" in line.json]


def restarts(rig: Rig, uid: str) -> int:
    """Of all containers, in that life of the pod."""
    statuses = [
        status
        for state in rig.history.states(rig.pod_name)
        if state.uid == uid
        for kind in ("initContainerStatuses", "containerStatuses")
        for status in state.pod["status"].get(kind, [])
    ]
    return max(int(status["restartCount"]) for status in statuses)


def probes(rig: Rig) -> list[str]:
    """The uids of the probe pods so far."""
    return rig.history.uids(probe_name(rig))


def probe_name(rig: Rig) -> str:
    return f"{rig.pod_name}-image-probe"


def assert_passed_once(rig: Rig, details: Json) -> None:
    """One result, of the test with these details, and one log line; then the loop goes on, with the next image."""
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert result["image"] == details["image"]
    assert result["start"] == details["startTime"]
    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    told = [entry["testConfig"]["image"] for entry in rig.until_logged(COMPLETED, count=2)]
    assert told == [older["image"], newer["image"]]
    assert not tracebacks(rig)
