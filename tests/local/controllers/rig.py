"""The StatefulSet controller over an API server without a kubelet: pods get their statuses from the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from e2e.clusters.local.api.objects import Json, timestamp
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers.stateful_set import StatefulSets
from e2e.clusters.local.settings import Delays
from tests.support.clock import FakeClock

NAMESPACE = "default"
OLD, NEW = "registry/node:1", "registry/node:2"


class NoLogs:
    """Nothing runs here."""

    def read(self, pod: Json, container: str, **options: object) -> bytes:
        return b""

    def follow(self, pod: Json, container: str, **options: object) -> Iterator[bytes]:
        return iter(())


def stateful_set(name: str = "rig", *, image: str = OLD, claims: tuple[str, ...] = (), **spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "node", "image": image}]}}
    templates = [{"metadata": {"name": claim}, "spec": claim_spec()} for claim in claims]
    own: Json = {"selector": {"matchLabels": {"app": name}}, "serviceName": "nodes", "template": template}
    if templates:
        own["volumeClaimTemplates"] = templates
    return {"kind": "StatefulSet", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": own | spec}


def claim_spec() -> Json:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


class Rig:
    """``turns`` lets the controller do all that it has to do now."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.api = Api(logs=NoLogs(), now=self.clock.now)
        self.controller = StatefulSets(Delays(1), self.clock.now)

    def apply(self, body: Json) -> Json:
        made = self.api.create(body)
        self.turns()
        return made

    def turns(self) -> None:
        """Fails when the controller does not come to rest."""
        for _ in range(50):
            version = self.api.version()
            self.controller.reconcile(self.api)
            if self.api.version() == version:
                return
        raise AssertionError("the controller does not come to rest")

    def patch(self, change: Json, name: str = "rig") -> Json:
        patched = self.api.patch("StatefulSet", name, change, MERGE, NAMESPACE)
        self.turns()
        return patched

    def set_image(self, image: str, name: str = "rig") -> None:
        self.patch({"spec": {"template": {"spec": {"containers": [{"name": "node", "image": image}]}}}}, name)

    def pods(self) -> dict[str, Json]:
        return {pod["metadata"]["name"]: pod for pod in self.api.list("Pod", NAMESPACE)["items"]}

    def images(self) -> dict[str, str]:
        return {name: pod["spec"]["containers"][0]["image"] for name, pod in self.pods().items()}

    def status(self, name: str = "rig") -> Json:
        status: Json = self.api.get("StatefulSet", name, NAMESPACE)["status"]
        return status

    def events(self, reason: str) -> set[str]:
        found = self.api.list("Event", NAMESPACE, fields=f"reason={reason}")["items"]
        return {event["message"] for event in found}

    def set_pod(self, name: str, phase: str, *, ready: bool = False, **more: Any) -> None:
        """On a node from then on, as each pod that has a status of the kubelet's."""
        pod = self.api.patch("Pod", name, {"spec": {"nodeName": "local"}}, MERGE, NAMESPACE)
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": timestamp(self.clock.now())}
        self.api.set_status(
            "Pod", name, NAMESPACE, pod["metadata"]["uid"], {"phase": phase, "conditions": [condition], **more}
        )
        self.turns()

    def ready(self, *names: str) -> None:
        for name in names:
            self.set_pod(name, "Running", ready=True)

    def terminate(self, name: str) -> None:
        """It has its grace; it is there until :meth:`gone`."""
        self.api.delete("Pod", name, NAMESPACE)
        self.turns()

    def gone(self, name: str) -> None:
        self.api.delete("Pod", name, NAMESPACE, {"gracePeriodSeconds": 0})
        self.turns()


def is_terminating(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]
