"""What a probe pod's status says, case by case as a real cluster shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bootstrap_monitor.core import image
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.probe_pod import Failed, Finished, Outcome, Waiting, outcome
from tests.support.objects import DIGEST, PINNED

NOT_STARTED: JsonObject = {}


def probe(
    state: JsonObject | None, *, image_id: str = "", others: Sequence[JsonObject] = (), **status: Any
) -> JsonObject:
    """A probe pod; ``state`` is that of its own container, None before the kubelet wrote one."""
    own = [] if state is None else [{"name": "probe", "state": state, "imageID": image_id}]
    return {"status": {"phase": "Pending", "containerStatuses": [*others, *own], **status}}


def waiting(reason: str, message: str = "because") -> JsonObject:
    return {"waiting": {"reason": reason, "message": message}}


def terminated(code: int, reason: str, **more: str) -> JsonObject:
    return {"terminated": {"exitCode": code, "reason": reason, **more}}


def not_scheduled(reason: str = "Unschedulable") -> list[JsonObject]:
    return [
        {"type": "Initialized", "status": "True"},
        {"type": "PodScheduled", "status": "False", "reason": reason, "message": "0/1 nodes are available"},
    ]


DONE = terminated(0, "Completed")
RAN = "`./avalanchego --version-json` ended with"
PINNED_IMAGE = image.parse(PINNED)

CASES: dict[str, tuple[JsonObject, Outcome]] = {
    "created": ({}, Waiting()),
    "without a status of the container": (probe(None), Waiting()),
    "nulls": ({"status": {"containerStatuses": None, "conditions": None}}, Waiting()),
    "status without a state": (probe(None, containerStatuses=[{"name": "probe"}]), Waiting()),
    "starting": (probe(NOT_STARTED), Waiting()),
    "running": (probe({"running": {"startedAt": "2024-05-08T12:00:00Z"}}, phase="Running"), Waiting()),
    "image missing": (probe(waiting("ErrImagePull", "not found")), Waiting("ErrImagePull", "not found")),
    "image missing, later": (probe(waiting("ImagePullBackOff")), Waiting("ImagePullBackOff", "because")),
    "invalid name": (probe(waiting("InvalidImageName")), Failed("InvalidImageName", "because", hopeless=True)),
    "pull policy Never": (probe(waiting("ErrImageNeverPull")), Failed("ErrImageNeverPull", "because", hopeless=True)),
    "command not found": (
        probe(terminated(128, "StartError", message="no such file", startedAt="1970-01-01T00:00:00Z"), phase="Failed"),
        Failed("StartError", f"{RAN} 128. no such file"),
    ),
    "command not found, restarted": (
        probe(waiting("RunContainerError"), phase="Running"),
        Waiting("RunContainerError", "because"),
    ),
    "crash loop": (probe(waiting("CrashLoopBackOff"), phase="Running"), Waiting("CrashLoopBackOff", "because")),
    "bad interpreter": (probe(terminated(1, "Error"), phase="Failed"), Failed("Error", f"{RAN} 1.")),
    "ended without a reason": (probe({"terminated": {"exitCode": 2}}), Failed("Error", f"{RAN} 2.")),
    "missing Secret in env": (
        probe(waiting("CreateContainerConfigError")),
        Waiting("CreateContainerConfigError", "because"),
    ),
    "missing Secret as volume": (
        probe({"waiting": {"reason": "ContainerCreating"}}),
        Waiting("ContainerCreating", ""),
    ),
    "waiting without a reason": (probe({"waiting": {"message": "x"}}), Waiting("", "x")),
    "unschedulable": (
        probe(None, conditions=not_scheduled()),
        Waiting("Unschedulable", "0/1 nodes are available"),
    ),
    "unscheduled without a reason": (
        probe(None, conditions=[{"type": "PodScheduled", "status": "False"}]),
        Waiting("Unscheduled", ""),
    ),
    "scheduled": (probe(None, conditions=[{"type": "PodScheduled", "status": "True", "reason": "x"}]), Waiting()),
    "out of memory": (probe(terminated(137, "OOMKilled"), phase="Failed"), Failed("OOMKilled", f"{RAN} 137.")),
    "evicted": (
        probe(None, phase="Failed", reason="Evicted", message="The node was low on resource"),
        Failed("Evicted", "The node was low on resource"),
    ),
    "evicted, container lost": (
        probe(terminated(137, "ContainerStatusUnknown"), phase="Failed", reason="Evicted", message="low"),
        Failed("Evicted", "low"),
    ),
    "deadline": (
        probe(None, phase="Failed", reason="DeadlineExceeded", message="Pod was active on the node too long"),
        Failed("DeadlineExceeded", "Pod was active on the node too long"),
    ),
    "deadline, waiting": (
        probe(waiting("ImagePullBackOff"), phase="Failed", reason="DeadlineExceeded"),
        Failed("DeadlineExceeded", ""),
    ),
    "deadline, container lost": (
        probe(terminated(137, "ContainerStatusUnknown"), phase="Failed", reason="DeadlineExceeded", message="too long"),
        Failed("DeadlineExceeded", "too long"),
    ),
    "container lost": (
        probe(terminated(137, "ContainerStatusUnknown", message="not located"), phase="Failed"),
        Failed("ContainerStatusUnknown", f"{RAN} 137. not located"),
    ),
    "failed without a reason": (probe(None, phase="Failed"), Failed("PodFailed", "")),
    "done": (probe(DONE, image_id=PINNED, phase="Succeeded"), Finished(PINNED_IMAGE)),
    "done, by Docker": (
        probe(DONE, image_id=f"docker-pullable://{PINNED}"),
        Finished(PINNED_IMAGE),
    ),
    "done, image loaded by hand": (probe(DONE, image_id=DIGEST), Finished(None)),
    "done, no image told": (probe(DONE), Finished(None)),
    "done before the deadline": (
        probe(DONE, image_id=PINNED, phase="Failed", reason="DeadlineExceeded"),
        Finished(PINNED_IMAGE),
    ),
}


@pytest.mark.parametrize(("pod", "expected"), CASES.values(), ids=CASES)
def test_outcome(pod: JsonObject, expected: Outcome) -> None:
    assert outcome(pod) == expected


INJECTED: dict[str, JsonObject] = {
    "running": {"running": {}},
    "failed": terminated(1, "Error"),
    "done": DONE,
    "waiting": waiting("InvalidImageName"),
}


@pytest.mark.parametrize("state", INJECTED.values(), ids=INJECTED)
@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param({"running": {}}, Waiting(), id="running"),
        pytest.param(waiting("ErrImagePull"), Waiting("ErrImagePull", "because"), id="waiting"),
        pytest.param(DONE, Finished(PINNED_IMAGE), id="done"),
        pytest.param(terminated(1, "Error"), Failed("Error", f"{RAN} 1."), id="failed"),
    ],
)
def test_injected_containers_do_not_matter(own: JsonObject, expected: Outcome, state: JsonObject) -> None:
    other = {"name": "mesh", "state": state, "imageID": "mesh@sha256:" + "c" * 64}

    assert outcome(probe(own, image_id=PINNED, others=[other], phase="Running")) == expected
