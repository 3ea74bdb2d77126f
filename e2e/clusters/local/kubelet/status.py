"""A pod's status from what is known of its containers, in the words of a real kubelet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from e2e.clusters.local.api.objects import Json, timestamp

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a container was started whose program could not be."""
HOST_ADDRESS = "127.0.0.1"
POD_MESSAGE_BYTES = 12288
"""Of all termination messages of a pod; each container has an equal share."""


@dataclass(frozen=True)
class Waiting:
    """Not started, or not again."""

    reason: str
    message: str = ""

    def told(self) -> Json:
        return {"waiting": {"reason": self.reason} | ({"message": self.message} if self.message else {})}


@dataclass(frozen=True)
class Running:
    """It lives."""

    started_at: datetime
    id: str

    def told(self) -> Json:
        return {"running": {"startedAt": timestamp(self.started_at)}}


@dataclass(frozen=True)
class Ended:
    """How a run ended; times are missing for one that never was."""

    exit_code: int
    reason: str
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    id: str = ""

    def told(self) -> Json:
        found: Json = {"exitCode": self.exit_code, "reason": self.reason}
        found |= {"message": self.message} if self.message else {}
        found["startedAt"] = timestamp(self.started_at) if self.started_at else None
        found["finishedAt"] = timestamp(self.finished_at) if self.finished_at else None
        return {"terminated": found | ({"containerID": self.id} if self.id else {})}


def end_of(exit_code: int, message: str, started_at: datetime, finished_at: datetime, container_id: str) -> Ended:
    """Of a run that was."""
    return Ended(exit_code, "Error" if exit_code else "Completed", message, started_at, finished_at, container_id)


LOST = Ended(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated")
"""Of a container that had not started when its pod was ended."""


@dataclass(frozen=True)
class Container:
    """What is known of one container."""

    spec: Json
    state: Waiting | Running | Ended
    last: Ended | None = None
    restarts: int = 0
    ready: bool = False
    """Of a running one: whether its probe succeeds."""
    image: str = ""
    """As the runtime names it; empty before it was pulled."""
    image_id: str = ""
    init: bool = False

    @property
    def sidecar(self) -> bool:
        """An init container that goes on beside the others."""
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def completed(self) -> bool:
        return isinstance(self.state, Ended) and self.state.exit_code == 0

    @property
    def is_ready(self) -> bool:
        if self.init and not self.sidecar:
            return self.completed
        return isinstance(self.state, Running) and self.ready

    @property
    def initialized(self) -> bool:
        """Of an init container: whether the next may start."""
        return isinstance(self.state, Running) if self.sidecar else self.completed

    def told(self) -> Json:
        found: Json = {
            "name": self.spec["name"],
            "state": self.state.told(),
            "lastState": self.last.told() if self.last else {},
            "ready": self.is_ready,
            "restartCount": self.restarts,
            "image": self.image or self.spec["image"],
            "imageID": self.image_id,
        }
        known = self.last if isinstance(self.state, Waiting) else self.state
        if known and known.id:
            found["containerID"] = known.id
        found["started"] = isinstance(self.state, Running)
        if mounts := self.spec.get("volumeMounts"):
            found["volumeMounts"] = [_mount(mount) for mount in mounts]
        return found


def _mount(mount: Json) -> Json:
    found = {key: mount[key] for key in ("name", "mountPath")}
    return found | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else {})


def phase(restart_policy: str, inits: Sequence[Container], mains: Sequence[Container]) -> str:
    """Of a pod that nobody has ended."""
    once = [one for one in inits if not one.sidecar]
    if any(isinstance(one.state, Ended) and one.state.exit_code and restart_policy == "Never" for one in once):
        return "Failed"
    if not all(one.completed for one in once):
        return "Pending"
    if any(isinstance(one.state, Waiting) and one.last is None for one in mains):
        return "Pending"
    if any(not isinstance(one.state, Ended) for one in mains) or restart_policy == "Always":
        return "Running"
    if all(one.completed for one in mains):
        return "Succeeded"
    return "Failed" if restart_policy == "Never" else "Running"


@dataclass(frozen=True)
class Pod:
    """What is known of a pod that has a node."""

    address: str
    started_at: str
    phase: str
    inits: Sequence[Container]
    mains: Sequence[Container]
    alive: bool = True
    """Whether containers of it may run."""
    reason: str = ""
    message: str = ""


def pod_status(pod: Pod, before: Json, now: datetime) -> Json:
    """The whole status; ``before`` is the one that it replaces."""
    found: Json = {"phase": pod.phase, "conditions": _conditions(pod, before, timestamp(now))}
    found |= {"reason": pod.reason} if pod.reason else {}
    found |= {"message": pod.message} if pod.message else {}
    found |= {"hostIP": HOST_ADDRESS, "hostIPs": [{"ip": HOST_ADDRESS}]}
    found |= {"podIP": pod.address, "podIPs": [{"ip": pod.address}], "startTime": pod.started_at}
    longest = POD_MESSAGE_BYTES // (len(pod.inits) + len(pod.mains))
    if pod.inits:
        found["initContainerStatuses"] = [_shortened(one.told(), longest) for one in pod.inits]
    # By name, unlike those of the init containers.
    found["containerStatuses"] = sorted((_shortened(one.told(), longest) for one in pod.mains), key=itemgetter("name"))
    return found | {"qosClass": before.get("qosClass", "BestEffort")}


def _shortened(container: Json, longest: int) -> Json:
    """Its share of what a pod's containers may tell in all."""
    for state in (container["state"], container["lastState"]):
        if "message" in state.get("terminated", {}):
            state["terminated"]["message"] = state["terminated"]["message"].encode()[:longest].decode(errors="ignore")
    return container


def unschedulable(before: Json, message: str, now: datetime) -> Json:
    """The status of a pod that no node takes."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {**before, "phase": "Pending", "conditions": [_since(condition, before, timestamp(now))]}


def _conditions(pod: Pod, before: Json, now: str) -> list[Json]:
    incomplete = " ".join(one.spec["name"] for one in pod.inits if not one.initialized)
    mains_ready = [one for one in [*(one for one in pod.inits if one.sidecar), *pod.mains] if not one.is_ready]
    unready = " ".join(one.spec["name"] for one in mains_ready)
    over = {"Succeeded": {"reason": "PodCompleted"}, "Failed": {"reason": "PodFailed"}}.get(pod.phase)
    not_initialized = {
        "reason": "ContainersNotInitialized",
        "message": f"containers with incomplete status: [{incomplete}]",
    }
    not_ready = over or {"reason": "ContainersNotReady", "message": f"containers with unready status: [{unready}]"}
    initialized: Json = not_initialized if incomplete else {}
    if pod.phase == "Succeeded":
        incomplete, initialized = "", {"reason": "PodCompleted"}
    conditions: list[tuple[str, bool, Json]] = [
        ("PodReadyToStartContainers", pod.alive, {}),
        ("Initialized", not incomplete, initialized),
        ("Ready", not unready and not over, not_ready if unready or over else {}),
        ("ContainersReady", not unready and not over, not_ready if unready or over else {}),
        ("PodScheduled", True, {}),
    ]
    return [_since({"type": kind, "status": str(holds), **why}, before, now) for kind, holds, why in conditions]


def _since(condition: Json, before: Json, now: str) -> Json:
    """With the time at which it became what it is."""
    same = [
        one
        for one in before.get("conditions") or []
        if one["type"] == condition["type"] and one["status"] == condition["status"]
    ]
    return {**condition, "lastProbeTime": None, "lastTransitionTime": same[0]["lastTransitionTime"] if same else now}
