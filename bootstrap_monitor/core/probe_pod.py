"""The probe pod: runs an image once for its version, and by that tells its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from bootstrap_monitor.core import pod
from bootstrap_monitor.core.image import ImageReference, digest_of_image_id
from bootstrap_monitor.core.json import JsonObject

CONTAINER = "probe"
COMMAND = ("./avalanchego", "--version-json")

_NAME_SUFFIX = "-image-probe"
_MAX_NAME_LENGTH = 63
"""The host name is cut there, and a label's value too."""

_INHERITED = ("imagePullSecrets", "nodeSelector", "tolerations", "priorityClassName", "securityContext")

# Ask service meshes not to inject: their containers would outlive the probe.
_NO_INJECTION = {
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
    "kuma.io/sidecar-injection": "disabled",
}

_LOST = "ContainerStatusUnknown"
"""The kubelet's reason for a container that never ran or is gone; the pod's own reason says why."""

ORDINARY_WAITS = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons that every pod's start shows; trouble only when they stay."""

_HOPELESS = frozenset({"InvalidImageName", "ErrImageNeverPull"})


def name(pod_name: str) -> str:
    """``<pod>-image-probe``; where that is too long, the pod's name is cut and a hash of it put in."""
    full = pod_name + _NAME_SUFFIX
    if len(full) <= _MAX_NAME_LENGTH:
        return full
    mark = "-" + hashlib.sha256(pod_name.encode()).hexdigest()[:8] + _NAME_SUFFIX
    return pod_name[: _MAX_NAME_LENGTH - len(mark)].rstrip("-.") + mark


def body(own_pod: JsonObject, node_container: str, image: ImageReference, *, deadline_seconds: int) -> JsonObject:
    """The pod to create, owned by the own pod: it goes when that goes.

    It pulls, is scheduled and is confined as the node is; it has no token.
    """
    own = own_pod["spec"]
    node = pod.container(own_pod, node_container) or {}
    container: JsonObject = {
        "name": CONTAINER,
        "image": str(image),
        "imagePullPolicy": "Always",
        "command": list(COMMAND),
    }
    if node.get("securityContext"):
        container["securityContext"] = node["securityContext"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name(pod.name(own_pod)),
            "labels": {
                "app.kubernetes.io/name": "image-probe",
                "app.kubernetes.io/managed-by": "bootstrap-monitor",
                "sidecar.istio.io/inject": "false",
            },
            "annotations": dict(_NO_INJECTION),
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": pod.name(own_pod),
                    "uid": pod.uid(own_pod),
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            **{key: own[key] for key in _INHERITED if own.get(key)},
            "containers": [container],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "activeDeadlineSeconds": deadline_seconds,
            "terminationGracePeriodSeconds": 1,
        },
    }


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not done. ``reason`` and ``message`` are what the kubelet or the scheduler says at the moment, if anything.

    The deadline erases them, so whoever polls remembers the last.
    """

    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The command ran and ended with 0. ``image`` is the repository and digest that ran, where the runtime tells."""

    image: ImageReference | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not finish. ``hopeless``: nor would another one."""

    reason: str
    message: str
    hopeless: bool = False


Outcome = Waiting | Finished | Failed


def outcome(probe: JsonObject) -> Outcome:
    """Read its own container's state; the pod's phase lies where others were injected or a deadline hit."""
    status = pod.container_status(probe, CONTAINER) or {}
    state: dict[str, Any] = status.get("state") or {}
    pod_status = probe.get("status") or {}
    if terminated := state.get("terminated"):
        if terminated.get("exitCode") == 0:
            return Finished(digest_of_image_id(str(status.get("imageID", ""))))
        if terminated.get("reason") == _LOST and pod_status.get("reason"):
            return Failed(str(pod_status["reason"]), str(pod_status.get("message") or ""))
        return Failed(
            str(terminated.get("reason") or "Error"),
            f"`{' '.join(COMMAND)}` ended with {terminated.get('exitCode')}. {terminated.get('message') or ''}".strip(),
        )
    if pod_status.get("phase") == "Failed":
        return Failed(str(pod_status.get("reason") or "PodFailed"), str(pod_status.get("message") or ""))
    if waiting := state.get("waiting"):
        reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
        return Failed(reason, message, hopeless=True) if reason in _HOPELESS else Waiting(reason, message)
    for condition in pod_status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return Waiting(str(condition.get("reason") or "Unscheduled"), str(condition.get("message") or ""))
    return Waiting()
