"""A model of what the program sees of a cluster: pods and StatefulSets as plain JSON, and who acts on them.

Its methods of the API are those that commands ask for. What the StatefulSet controller does, happens in :meth:`settle`;
what the kubelet does to a pod that ends, is up to the test.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import orjson

from bootstrap_monitor.core import api_status
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ApiError
from tests.support import json_patches
from tests.support.manifests import NODE, POD, SET
from tests.support.outcomes import Outcome, waiting, waits

ANNOTATIONS_LIMIT_BYTES = 262_144
NOT_THERE = waits(waiting("ErrImagePull", "not found"))


def failure(status: int, reason: str = "", message: str = "") -> ApiError:
    """What the adapter makes of an answer of the API."""
    body = {"kind": "Status", "reason": reason, "message": message}
    return api_status.api_error("the request", status, json.dumps(body).encode())


def fails(status: int, reason: str = "", message: str = "") -> Callable[[], None]:
    """For :meth:`Cluster.once` and :meth:`Cluster.always`: the call fails, and has done nothing."""

    def fail() -> NoReturn:
        raise failure(status, reason, message)

    return fail


def copied(json_object: JsonObject) -> JsonObject:
    """A deep copy, many times faster than ``copy.deepcopy``: simulated weeks take a look a minute."""
    copy: JsonObject = orjson.loads(orjson.dumps(json_object))
    return copy


class Cluster:
    """One namespace. ``images`` tells what becomes of probe pods, by image."""

    def __init__(self, *stateful_sets: JsonObject, images: Mapping[str, Outcome] | None = None) -> None:
        self.pods: dict[str, JsonObject] = {}
        self.stateful_sets: dict[str, JsonObject] = {}
        self.images = dict(images or {})
        self.on_delete: Callable[[JsonObject], None] = lambda pod: None
        """Told of each pod of a StatefulSet whose deletion begins."""
        self.events: list[JsonObject] = []
        self.node_log: str | None = "the node's last words\n"
        self.previous_log: str | None = None
        """Of the run before the last restart."""
        self.through: Callable[[str, Callable[[], None]], None] = lambda method, meet: meet()
        """Every call comes in through this: ``meet`` raises what it is met by, and may be tried again."""
        self.calls: list[str] = []
        self.deletions: list[JsonObject] = []
        """Name, uid and grace of each accepted deletion."""
        self._once: defaultdict[str, deque[Callable[[], None]]] = defaultdict(deque)
        self._always: dict[str, Callable[[], None]] = {}
        self._looks: defaultdict[str, int] = defaultdict(int)
        self._templates: dict[str, JsonObject] = {}
        self._count = 0
        for body in stateful_sets:
            self.create_stateful_set(body)

    # What a test looks at and does.

    @property
    def set(self) -> JsonObject:
        return self.stateful_sets[SET]

    @property
    def pod(self) -> JsonObject:
        return self.pods[POD]

    def state(self) -> JsonObject:
        """All objects, to compare."""
        return copied({"pods": self.pods, "statefulSets": self.stateful_sets})

    def once(self, method: str, *actions: Callable[[], None]) -> None:
        """The next call of ``method`` is met by the first action, the one after by the next, and so on."""
        self._once[method].extend(actions)

    def always(self, method: str, action: Callable[[], None]) -> None:
        self._always[method] = action

    def never_mind(self) -> None:
        """Forget all actions."""
        self._once.clear()
        self._always.clear()

    def create_stateful_set(self, body: JsonObject) -> None:
        created = copied(body)
        created["metadata"] |= {"uid": self._next("uid"), "generation": 1, "resourceVersion": self._next("")}
        revision = self._revision(created)
        created["status"] = {
            "observedGeneration": 1,
            "currentRevision": revision,
            "updateRevision": revision,
        }
        self.stateful_sets[created["metadata"]["name"]] = created
        self.settle()

    def edit(self, patch: JsonObject, name: str = SET) -> None:
        """A person, or GitOps, edits the StatefulSet."""
        self._apply(name, patch, json_patches.strategic_merge)

    def set_image(self, image: str) -> None:
        self.edit({"spec": {"template": {"spec": {"containers": [{"name": NODE, "image": image}]}}}})

    def observe(self) -> None:
        """The controller sees the newest specs."""
        for stateful_set in self.stateful_sets.values():
            generation = stateful_set["metadata"]["generation"]
            if stateful_set["status"].get("observedGeneration") != generation:
                newest = {"observedGeneration": generation, "updateRevision": self._revision(stateful_set)}
                stateful_set["status"] |= newest
                stateful_set["metadata"]["resourceVersion"] = self._next("")

    def settle(self) -> None:
        """The controller sees all, and makes pods anew that are deleted; the kubelet has ended those."""
        self.observe()
        for stateful_set in self.stateful_sets.values():
            for ordinal in range(stateful_set["spec"]["replicas"]):
                name = f"{stateful_set['metadata']['name']}-{ordinal}"
                if name in self.pods and "deletionTimestamp" in self.pods[name]["metadata"]:
                    self.remove(name)
                if name not in self.pods:
                    self.pods[name] = self._pod_of(stateful_set, ordinal, name)

    def remove(self, name: str) -> None:
        """The pod is gone, and all that it owns."""
        uid = self.pods.pop(name)["metadata"]["uid"]
        owned = [
            other
            for other, pod in self.pods.items()
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences", []))
        ]
        for other in owned:
            del self.pods[other]

    # The API.

    def get_pod(self, name: str) -> JsonObject:
        self._enter("get_pod")
        pod = self._pod(name)
        if not _owned_by_set(pod):
            outcome = self._outcome(pod)
            pod["status"] = outcome.statuses[min(self._looks[pod["metadata"]["uid"]], len(outcome.statuses) - 1)]
            self._looks[pod["metadata"]["uid"]] += 1
        return copied(pod)

    def look_at_pod(self, name: str) -> JsonObject:
        self._enter("look_at_pod")
        return copied(self._pod(name))

    def create_event(self, body: JsonObject) -> JsonObject:
        self._enter("create_event")
        self.events.append(copied(body))
        return copied(body)

    def create_pod(self, body: JsonObject) -> JsonObject:
        self._enter("create_pod")
        name = body["metadata"]["name"]
        if name in self.pods:
            raise failure(409, "AlreadyExists", f'pods "{name}" already exists')
        self.pods[name] = copied(body)
        self.pods[name]["metadata"]["uid"] = self._next("uid")
        return copied(self.pods[name])

    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        self._enter("delete_pod")
        pod = self._pod(name)
        if uid not in {None, pod["metadata"]["uid"]}:
            raise failure(409, "Conflict", "the UID in the precondition does not match")
        self.deletions.append({"name": name, "uid": uid, "grace": grace_seconds})
        if not (_owned_by_set(pod) or pod["metadata"].get("finalizers")):
            self.remove(name)
        elif "deletionTimestamp" not in pod["metadata"]:
            pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
            self.on_delete(pod)

    def pod_log(
        self, name: str, *, container: str, limit_bytes: int, tail_lines: int | None = None, previous: bool = False
    ) -> str:
        self._enter("pod_log")
        pod = self._pod(name)
        assert container in {item["name"] for item in pod["spec"]["containers"]}
        if not _owned_by_set(pod):
            return self._outcome(pod).log[:limit_bytes]
        log = self.previous_log if previous else self.node_log
        if log is None:
            raise failure(400, "BadRequest", f"container {container} has no such log")
        return "".join(log.splitlines(keepends=True)[-(tail_lines or 0) :])[:limit_bytes]

    def read_stateful_set(self, name: str) -> JsonObject:
        self._enter("read_stateful_set")
        return self._apply(name, {}, json_patches.merge)

    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject:
        self._enter("patch_stateful_set")
        return self._apply(name, patch, json_patches.strategic_merge if strategic else json_patches.merge)

    def _enter(self, method: str) -> None:
        self.through(method, lambda: self._meet(method))

    def _meet(self, method: str) -> None:
        self.calls.append(method)
        if self._once[method]:
            self._once[method].popleft()()
        elif method in self._always:
            self._always[method]()

    def _pod(self, name: str) -> JsonObject:
        if name not in self.pods:
            raise failure(404, "NotFound", f'pods "{name}" not found')
        return self.pods[name]

    def _apply(self, name: str, patch: JsonObject, merge: Callable[[JsonObject, JsonObject], JsonObject]) -> JsonObject:
        if name not in self.stateful_sets:
            raise failure(404, "NotFound", f'statefulsets.apps "{name}" not found')
        before = self.stateful_sets[name]
        wanted = patch.get("metadata", {})
        if wanted.get("resourceVersion") not in {None, "", before["metadata"]["resourceVersion"]}:
            raise failure(409, "Conflict", "the object has been modified")
        after = merge(before, copied(patch))
        if _size(after["metadata"].get("annotations") or {}) > ANNOTATIONS_LIMIT_BYTES:
            raise failure(422, "Invalid", "metadata.annotations: Too long")
        if after != before:
            if after["spec"] != before["spec"]:
                after["metadata"]["generation"] += 1
            after["metadata"]["resourceVersion"] = self._next("")
            self.stateful_sets[name] = after
        return copied(self.stateful_sets[name])

    def _outcome(self, pod: JsonObject) -> Outcome:
        return self.images.get(pod["spec"]["containers"][0]["image"], NOT_THERE)

    def _pod_of(self, stateful_set: JsonObject, ordinal: int, name: str) -> JsonObject:
        partition = stateful_set["spec"]["updateStrategy"].get("rollingUpdate", {}).get("partition", 0)
        revision = stateful_set["status"]["currentRevision" if ordinal < partition else "updateRevision"]
        template = copied(self._templates[revision])
        owner = {"kind": "StatefulSet", "controller": True}
        metadata = {
            **template["metadata"],
            "name": name,
            "uid": self._next("uid"),
            "ownerReferences": [{**owner, **{key: stateful_set["metadata"][key] for key in ("name", "uid")}}],
        }
        metadata["labels"] = {**metadata.get("labels", {}), "controller-revision-hash": revision}
        for container in template["spec"]["containers"]:  # as admission does
            container["volumeMounts"] = [*container["volumeMounts"], {"name": "token", "mountPath": "/var/run/secrets"}]
        init = [{"name": item["name"], "state": {"running": {}}} for item in template["spec"]["initContainers"]]
        return {"metadata": metadata, "spec": template["spec"], "status": {"initContainerStatuses": init}}

    def _revision(self, stateful_set: JsonObject) -> str:
        """Equal templates are one revision."""
        template = stateful_set["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        revision = f"{stateful_set['metadata']['name']}-{digest}"
        if revision not in self._templates:
            self._templates[revision] = copied(template)
        return revision

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def _owned_by_set(pod: JsonObject) -> bool:
    return any(owner["kind"] == "StatefulSet" for owner in pod["metadata"].get("ownerReferences", []))


def _size(annotations: Mapping[str, Any]) -> int:
    return sum(len(key) + len(value) for key, value in annotations.items())
