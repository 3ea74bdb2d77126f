"""Read-only views of a pod's JSON. Lists and maps that the API left out are read as empty."""

from __future__ import annotations

from typing import Any

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError


def container(pod_or_template: JsonObject, container_name: str) -> JsonObject | None:
    """The container of that name in ``spec.containers``."""
    return _named(_list(pod_or_template.get("spec") or {}, "containers"), container_name)


def required_container(pod_or_template: JsonObject, container_name: str) -> JsonObject:
    """The node's container.

    :raises ConfigurationError: there is none of that name.
    """
    found = container(pod_or_template, container_name)
    if found is None:
        names = ", ".join(item["name"] for item in _list(pod_or_template.get("spec") or {}, "containers"))
        raise ConfigurationError(
            f"the pod has no container {container_name!r}",
            reason="NoNodeContainer",
            check=f"The pod's containers are: {names}.",
            do="Name the node's container with --node-container-name.",
        )
    return found


def container_status(pod: JsonObject, container_name: str, *, init: bool = False) -> JsonObject | None:
    """The status of the container (or ``init`` container) of that name; None before the kubelet wrote one."""
    kind = "initContainerStatuses" if init else "containerStatuses"
    return _named(_list(pod.get("status") or {}, kind), container_name)


def name(pod: JsonObject) -> str:
    """``metadata.name``."""
    return str(_metadata(pod).get("name", ""))


def uid(pod: JsonObject) -> str:
    """``metadata.uid``: tells this pod from a successor of the same name."""
    return str(_metadata(pod).get("uid", ""))


def grace_seconds(pod: JsonObject) -> int:
    """How long the pod may take to end; the API server's default where it does not say."""
    seconds = (pod.get("spec") or {}).get("terminationGracePeriodSeconds")
    return 30 if seconds is None else int(seconds)


def annotation(obj: JsonObject, key: str) -> str | None:
    """The annotation of a pod, a template or any other object."""
    value: str | None = (_metadata(obj).get("annotations") or {}).get(key)
    return value


def revision(pod: JsonObject) -> str | None:
    """The StatefulSet's revision that the pod was made from."""
    value: str | None = (_metadata(pod).get("labels") or {}).get("controller-revision-hash")
    return value


def is_terminating(pod: JsonObject) -> bool:
    """Whether somebody has deleted the pod, which may still run."""
    return bool(_metadata(pod).get("deletionTimestamp"))


def ordinal(pod_name: str, stateful_set_name: str) -> int | None:
    """Which pod of the StatefulSet this is, from 0; None when it is none of its pods."""
    digits = pod_name.removeprefix(f"{stateful_set_name}-")
    if digits == pod_name or not (digits.isascii() and digits.isdigit()) or str(int(digits)) != digits:
        return None
    return int(digits)


def owner_stateful_set(pod: JsonObject) -> str:
    """The name of the StatefulSet that controls the pod.

    :raises ConfigurationError: none does.
    """
    for owner in _list(_metadata(pod), "ownerReferences"):
        if owner.get("kind") == "StatefulSet" and owner.get("controller") is True:
            return str(owner["name"])
    raise ConfigurationError(
        f"the pod {name(pod)!r} belongs to no StatefulSet",
        reason="NoStatefulSet",
        check="metadata.ownerReferences of the pod: one must be a StatefulSet with controller: true.",
        do="Run the bootstrap test in a pod of a StatefulSet.",
    )


def _metadata(obj: JsonObject) -> JsonObject:
    return obj.get("metadata") or {}


def _list(obj: JsonObject, key: str) -> list[Any]:
    return obj.get(key) or []


def _named(items: list[JsonObject], wanted: str) -> JsonObject | None:
    return next((item for item in items if item.get("name") == wanted), None)
