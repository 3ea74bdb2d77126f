"""Owner references: who controls an object, and who else owns it."""

from __future__ import annotations

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api


def reference(owner: Json) -> Json:
    """``owner`` as the controller of an object."""
    kind = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    named = {field: owner["metadata"][field] for field in ("name", "uid")}
    return {**kind, **named, "controller": True, "blockOwnerDeletion": True}


def of(body: Json) -> list[Json]:
    """All owner references; empty when it has none."""
    return body["metadata"].get("ownerReferences") or []


def claimed(api: Api, bodies: list[Json], owner: Json) -> list[Json]:
    """Those of ``bodies`` that ``owner`` controls.

    One that nobody controls, and that is not being deleted, is adopted, if the owner is still there itself.
    """
    members = []
    name, namespace, uid = (owner["metadata"][field] for field in ("name", "namespace", "uid"))
    for body in bodies:
        controller = next((one for one in of(body) if one.get("controller")), None)
        if controller is None and "deletionTimestamp" not in body["metadata"]:
            if api.get(owner["kind"], name, namespace)["metadata"]["uid"] != uid:
                break
            members.append(replaced(api, body, [*of(body), reference(owner)]))
        elif controller is not None and controller["uid"] == uid:
            members.append(body)
    return members


def replaced(api: Api, body: Json, references: list[Json]) -> Json:
    """The object with these owner references; :class:`ApiError` when it has become another one meanwhile."""
    metadata = body["metadata"]
    change = {"metadata": {"uid": metadata["uid"], "ownerReferences": references}}
    return api.patch(body["kind"], metadata["name"], change, MERGE, metadata["namespace"])
