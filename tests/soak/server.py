"""The API server and the StatefulSet controller: the model that all tests use, with what only time shows."""

from __future__ import annotations

from collections.abc import Callable

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from tests.soak.images import ImageRegistry
from tests.support.cluster import Cluster
from tests.support.manifests import FLOATING, NODE, POD, SET, pod_image, stateful_set
from tests.support.outcomes import Outcome

PARTIAL_SYNC = "AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK"
REVISIONS = 10
"""Kept, as ``revisionHistoryLimit`` has it."""


class Server(Cluster):
    """One StatefulSet whose pods are owned by it. ``changed`` is told of each change of the template."""

    def __init__(self, registry: ImageRegistry, *, policy: str, changed: Callable[[], None]) -> None:
        self.registry = registry
        self._changed: Callable[[], None] = lambda: None
        self._outcomes: dict[str, Outcome] = {}
        self.probe_looks = 1
        body = stateful_set(FLOATING, "/data")
        body["spec"]["podManagementPolicy"] = policy
        super().__init__(body)
        self._changed = changed

    @property
    def parallel(self) -> bool:
        return bool(self.set["spec"]["podManagementPolicy"] == "Parallel")

    def replaceable(self, *, ready: bool) -> bool:
        """Whether the controller replaces the pod: not an old one that is not Ready, under OrderedReady."""
        pod = self.pods.get(POD)
        if pod is None or "deletionTimestamp" in pod["metadata"]:
            return False
        old = pod["metadata"]["labels"]["controller-revision-hash"] != self.set["status"]["updateRevision"]
        return old and (ready or self.parallel)

    def begin_deletion(self) -> None:
        """Of the pod, by the controller or a person."""
        pod = self.pods[POD]
        if "deletionTimestamp" not in pod["metadata"]:
            pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
            self.on_delete(pod)

    def probes(self) -> list[JsonObject]:
        return [pod for name, pod in self.pods.items() if name != POD]

    def template_image(self) -> str:
        return pod_image(self.set["spec"]["template"])

    def bump(self) -> None:
        """Somebody writes a label: what was read before is old."""
        self.edit({"metadata": {"labels": {"touched": self._next("")}}})

    # What differs from the model.

    def remove(self, name: str) -> None:
        super().remove(name)
        alive = {pod["metadata"]["uid"] for pod in self.pods.values()}
        self._outcomes = {uid: outcome for uid, outcome in self._outcomes.items() if uid in alive}
        for uid in [uid for uid in self._looks if uid not in alive]:
            del self._looks[uid]

    def create_pod(self, body: JsonObject) -> JsonObject:
        """The tag is resolved now. Without its owner the garbage collector takes it at once."""
        created = super().create_pod(body)
        metadata = created["metadata"]
        self._outcomes[metadata["uid"]] = self.registry.image(pod_image(created, "probe")).probe(self.probe_looks)
        owner = metadata["ownerReferences"][0]
        if self.pods.get(owner["name"], {}).get("metadata", {}).get("uid") != owner["uid"]:
            self.remove(metadata["name"])
        return created

    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        super().delete_pod(name, uid=uid, grace_seconds=grace_seconds)
        self.deletions.clear()

    def create_event(self, body: JsonObject) -> JsonObject:
        return body

    def _outcome(self, pod: JsonObject) -> Outcome:
        return self._outcomes[pod["metadata"]["uid"]]

    def _meet(self, method: str) -> None:
        """Faults are met by the client."""

    def _apply(self, name: str, patch: JsonObject, merge: Callable[[JsonObject, JsonObject], JsonObject]) -> JsonObject:
        before = self.stateful_sets[name]["metadata"]["generation"]
        answer = super()._apply(name, patch, merge)
        if answer["metadata"]["generation"] != before:
            self._changed()
        return answer

    def _revision(self, stateful_set: JsonObject) -> str:
        revision = super()._revision(stateful_set)
        labels = [pod["metadata"].get("labels", {}) for pod in self.pods.values()]
        used = {revision, *(label.get("controller-revision-hash") for label in labels)}
        if SET in self.stateful_sets:
            used |= {self.set["status"]["currentRevision"], self.set["status"]["updateRevision"]}
        for old in [*self._templates][:-REVISIONS]:
            if old not in used:
                del self._templates[old]
        return revision


def config_of(pod: JsonObject) -> str:
    """The part of a pod's configuration that people change."""
    node = next(item for item in pod["spec"]["containers"] if item["name"] == NODE)
    return next((str(item["value"]) for item in node["env"] if item["name"] == PARTIAL_SYNC), "false")


def nonce_of(pod: JsonObject) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(names.RETEST_ANNOTATION) or "")
