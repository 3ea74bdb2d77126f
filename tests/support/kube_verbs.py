"""Every request that the Kubernetes adapter can make, as the API sees it: tables of bad days are made over these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.timings import RETRY_ATTEMPTS

POD = {"kind": "Pod", "metadata": {"name": "node-0", "uid": "u"}}
SET = {"kind": "StatefulSet", "metadata": {"name": "node"}}
EVENT = {"kind": "Event", "metadata": {"generateName": "node."}, "reason": "Passed"}
PODS_PATH = "/api/v1/namespaces/rig/pods"
SET_PATH = "/apis/apps/v1/namespaces/rig/statefulsets/node"
JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Verb:
    """One call of a method of :class:`Kube`, the request that it makes, and what comes of a good answer."""

    of: str
    """The method's name."""
    call: Callable[[Kube], Any]
    method: str
    path: str
    answer: Any
    result: Any
    content_type: str | None = None
    body: Any = None
    attempts: int = RETRY_ATTEMPTS
    """How often it is tried while the trouble is transient."""


VERBS = {
    "get pod": Verb("get_pod", lambda kube: kube.get_pod("node-0"), "GET", f"{PODS_PATH}/node-0", POD, POD),
    "look at pod": Verb(
        "look_at_pod", lambda kube: kube.look_at_pod("node-0"), "GET", f"{PODS_PATH}/node-0", POD, POD, attempts=1
    ),
    "create pod": Verb("create_pod", lambda kube: kube.create_pod(POD), "POST", PODS_PATH, POD, POD, JSON, POD),
    "delete pod": Verb(
        "delete_pod",
        lambda kube: kube.delete_pod("node-0", uid="u", grace_seconds=30),
        "DELETE",
        f"{PODS_PATH}/node-0",
        POD,
        None,
        JSON,
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": "u"},
            "gracePeriodSeconds": 30,
        },
    ),
    "pod log": Verb(
        "pod_log",
        lambda kube: kube.pod_log("node-0", container="avago", limit_bytes=1000),
        "GET",
        f"{PODS_PATH}/node-0/log",
        b"one\ntwo\n",
        "one\ntwo\n",
    ),
    "read stateful set": Verb(
        "read_stateful_set", lambda kube: kube.read_stateful_set("node"), "PATCH", SET_PATH, SET, SET, MERGE, {}
    ),
    "merge patch": Verb(
        "patch_stateful_set",
        lambda kube: kube.patch_stateful_set("node", {"a": [None, 1]}, strategic=False),
        "PATCH",
        SET_PATH,
        SET,
        SET,
        MERGE,
        {"a": [None, 1]},
    ),
    "strategic patch": Verb(
        "patch_stateful_set",
        lambda kube: kube.patch_stateful_set("node", {"metadata": {}}, strategic=True),
        "PATCH",
        SET_PATH,
        SET,
        SET,
        STRATEGIC,
        {"metadata": {}},
    ),
    "create event": Verb(
        "create_event",
        lambda kube: kube.create_event(EVENT),
        "POST",
        "/api/v1/namespaces/rig/events",
        EVENT,
        EVENT,
        JSON,
        EVENT,
        attempts=1,
    ),
}
JSON_VERBS = {name: verb for name, verb in VERBS.items() if verb.of != "pod_log"}
RETRIED_VERBS = {name: verb for name, verb in VERBS.items() if verb.attempts > 1}

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
every_retried_verb = pytest.mark.parametrize("verb", RETRIED_VERBS.values(), ids=RETRIED_VERBS)
