"""The garbage collector: an object whose owners are all gone is deleted."""

from __future__ import annotations

import contextlib

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import KINDS, Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import owners

# Events have no owners, and there are many.
LOOKED_AT = [name for name in KINDS if name != "Event"]


def reconcile(api: Api) -> None:
    for kind in LOOKED_AT:
        for body in api.list(kind)["items"]:
            metadata = body["metadata"]
            references = owners.of(body)
            if not references or "deletionTimestamp" in metadata:
                continue
            if not any(_is_there(api, owner, metadata.get("namespace", "")) for owner in references):
                # Gone already, or another one by now: seen in the next turn.
                with contextlib.suppress(ApiError):
                    options = {"preconditions": {"uid": metadata["uid"]}}
                    api.delete(kind, metadata["name"], metadata.get("namespace", ""), options)


def _is_there(api: Api, owner: Json, namespace: str) -> bool:
    """With that uid and that name. An owner of a kind that is not known here cannot be told to be gone."""
    kind = KINDS.get(owner["kind"])
    if kind is None:
        return True
    try:
        found = api.get(kind.name, owner["name"], namespace if kind.namespaced else "")
    except ApiError:
        return False
    return bool(found["metadata"]["uid"] == owner["uid"])
