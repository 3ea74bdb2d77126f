"""The namespace controller: one that is Terminating is emptied, and then goes; the others have a service account."""

from __future__ import annotations

import contextlib

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import KINDS, Json
from e2e.clusters.local.api.verbs import Api

NAMESPACED = [kind.name for kind in KINDS.values() if kind.namespaced]


def reconcile(api: Api) -> None:
    for namespace in api.list("Namespace")["items"]:
        if namespace["status"].get("phase") == "Terminating":
            _empty(api, namespace)
        elif not api.list("ServiceAccount", name := namespace["metadata"]["name"])["items"]:
            api.create({"kind": "ServiceAccount", "metadata": {"name": "default"}}, name)


def _empty(api: Api, namespace: Json) -> None:
    name = namespace["metadata"]["name"]
    for kind in NAMESPACED:
        for body in api.list(kind, name)["items"]:
            if "deletionTimestamp" not in body["metadata"]:
                # Gone already, or another one by now: seen in the next turn.
                with contextlib.suppress(ApiError):
                    api.delete(
                        kind, body["metadata"]["name"], name, {"preconditions": {"uid": body["metadata"]["uid"]}}
                    )
    if not any(api.list(kind, name)["items"] for kind in NAMESPACED):
        namespace["spec"] = {"finalizers": []}
        api.replace({"apiVersion": "v1", "kind": "Namespace", **namespace}, subresource="finalize")
