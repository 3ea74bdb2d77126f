"""The garbage collector: an object whose owners are all gone is deleted."""

from __future__ import annotations

import contextlib

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import KINDS, Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import owners

# Events have no owners, and there are many.
LOOKED_AT = [name for name in KINDS if name != "Event"]
Identity = tuple[str, str, str, str]


def reconcile(api: Api) -> None:
    # Dependents first: an owner that is made in between is then found.
    dependents = [(kind, body) for kind in LOOKED_AT for body in api.list(kind)["items"] if owners.of(body)]
    if not dependents:
        return
    there = {_identity(kind, body) for kind in LOOKED_AT for body in api.list(kind)["items"]}
    for kind, body in dependents:
        metadata = body["metadata"]
        if "deletionTimestamp" in metadata or any(_is_there(owner, body, there) for owner in owners.of(body)):
            continue
        with contextlib.suppress(ApiError):
            options = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": "Background"}
            api.delete(kind, metadata["name"], metadata.get("namespace", ""), options)


def _is_there(owner: Json, dependent: Json, there: set[Identity]) -> bool:
    """With that uid and that name. An owner of a kind that is not known here cannot be told to be gone."""
    kind = KINDS.get(owner["kind"])
    if kind is None:
        return True
    namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
    return (kind.name, namespace, owner["name"], owner["uid"]) in there


def _identity(kind: str, body: Json) -> Identity:
    metadata = body["metadata"]
    return kind, metadata.get("namespace", ""), metadata["name"], metadata["uid"]
