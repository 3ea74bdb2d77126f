"""ControllerRevisions: the templates that a StatefulSet had, each under a name that is made of its hash."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import identity, owners, pods

KIND = "ControllerRevision"
HASH_LABEL = "controller.kubernetes.io/hash"
# No vowels, and nothing that looks like another: no word arises, and none is misread.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Revisions:
    """``current`` is what pods under the partition have, ``update`` what the template says now."""

    history: list[Json]
    current: Json
    update: Json
    collision_count: int


def template(revision: Json) -> Json:
    """The pod template that it keeps."""
    return {name: value for name, value in revision["data"]["spec"]["template"].items() if name != "$patch"}


def hash_of(data: Json, collision_count: int) -> str:
    """Up to ten characters: FNV-1a of 32 bits in decimal, spelled in :data:`ALPHABET`."""
    value = 0x811C9DC5
    for byte in json.dumps(data, sort_keys=True).encode() + str(collision_count or "").encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(value))


def observed(api: Api, stateful_set: Json) -> Revisions:
    """Those that there are; the template's is created, or becomes the newest again."""
    namespace = stateful_set["metadata"]["namespace"]
    status = stateful_set["status"]
    found = api.list(KIND, namespace, labels=identity.selector_text(stateful_set))["items"]
    history = owners.claimed(api, found, stateful_set)
    history.sort(key=lambda revision: (revision["revision"], revision["metadata"]["name"]))
    data = _data(stateful_set["spec"]["template"])
    collision_count = status.get("collisionCount", 0)
    number = history[-1]["revision"] + 1 if history else 1
    update = next((revision for revision in reversed(history) if revision["data"] == data), None)
    if update is None:
        update, collision_count = _create(api, stateful_set, data, number, collision_count)
        history.append(update)
    elif update is not history[-1]:
        history.remove(update)
        update = api.patch(KIND, update["metadata"]["name"], {"revision": number}, MERGE, namespace)
        history.append(update)
    current = next((one for one in history if one["metadata"]["name"] == status.get("currentRevision")), update)
    return Revisions(history, current, update, collision_count)


def truncate(api: Api, stateful_set: Json, revisions: Revisions, members: Iterable[Json]) -> None:
    """Deletes the oldest that nobody needs, beyond the limit."""
    live = {revisions.current["metadata"]["name"], revisions.update["metadata"]["name"], *map(pods.revision, members)}
    unused = [revision for revision in revisions.history if revision["metadata"]["name"] not in live]
    limit = stateful_set["spec"]["revisionHistoryLimit"]
    for revision in unused[: max(0, len(unused) - limit)]:
        api.delete(KIND, revision["metadata"]["name"], revision["metadata"]["namespace"])


def _data(pod_template: Json) -> Json:
    """What a revision keeps of it. Annotations that are all removed are as none."""
    metadata = {name: value for name, value in pod_template["metadata"].items() if value}
    return {"spec": {"template": pod_template | {"metadata": metadata, "$patch": "replace"}}}


def _create(api: Api, stateful_set: Json, data: Json, number: int, collision_count: int) -> tuple[Json, int]:
    """The revision, and how often a name was another template's so far."""
    metadata = stateful_set["metadata"]
    while True:
        digest = hash_of(data, collision_count)
        name = f"{metadata['name']}-{digest}"
        labels = (stateful_set["spec"]["template"]["metadata"].get("labels") or {}) | {HASH_LABEL: digest}
        references = [owners.reference(stateful_set)]
        wanted = {"name": name, "namespace": metadata["namespace"], "labels": labels, "ownerReferences": references}
        body = {"apiVersion": "apps/v1", "kind": KIND, "metadata": wanted, "data": data, "revision": number}
        try:
            return api.create(body, metadata["namespace"]), collision_count
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        taken = api.get(KIND, name, metadata["namespace"])
        if taken["data"] == data:
            return taken, collision_count
        collision_count += 1
