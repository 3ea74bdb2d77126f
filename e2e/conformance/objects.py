"""The objects that the rows are about."""

from __future__ import annotations

from typing import Any

from e2e.kit.api import Json

NOWHERE = {"no-node": "has-this"}
"""A node selector: no pod with it ever runs, so that a row about the API alone starts nothing."""
SLEEPS = "trap 'kill $!; exit 143' TERM; sleep 1000 & wait"
"""Ends at once when it is asked to."""
DEAF = "trap '' TERM; exec sleep 1000"
"""Has to be killed."""
LABELS = {"row": "ROW"}


def container(script: str = SLEEPS, name: str = "one", **fields: Any) -> Json:
    """A container that runs a script of `sh`."""
    return {"name": name, "image": "IMAGE", "command": ["sh", "-c", script], **fields}


def pod(*containers: Json, name: str = "ROW", metadata: Json | None = None, **spec: Any) -> Json:
    """A pod; its containers stay down once they ended, unless the row says otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": LABELS, **(metadata or {})},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 5,
            "containers": list(containers) or [container()],
            **spec,
        },
    }


def idle_pod(**fields: Any) -> Json:
    """A pod that no node takes."""
    return pod(nodeSelector=NOWHERE, **fields)


def bound_pod(**fields: Any) -> Json:
    """A pod of a node that there is not: as if it ran, to the API server."""
    return pod(nodeName="elsewhere", **fields)


def stateful_set(
    *containers: Json, name: str = "ROW", replicas: int = 1, template: Json | None = None, **spec: Any
) -> Json:
    """One whose pods run and are Ready at once, unless the row says otherwise."""
    pod_spec = {"terminationGracePeriodSeconds": 5, "containers": list(containers) or [container()]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "serviceName": "none",
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {**pod_spec, **(template or {})}},
            **spec,
        },
    }


def empty_stateful_set(**spec: Any) -> Json:
    """Two containers, and no pods: for rows about the object alone."""
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    return stateful_set(container(name="one", env=env), container(name="two"), replicas=0, **spec)


def template(**spec: Any) -> Json:
    """A patch of the pod template's spec."""
    return {"spec": {"template": {"spec": spec}}}


def config_map(name: str = "ROW", metadata: Json | None = None) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **(metadata or {})}, "data": {"a": "1"}}
