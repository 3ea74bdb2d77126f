"""Owner references: who controls an object, and who else owns it."""

from __future__ import annotations

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api


def reference(api_version: str, kind: str, owner: Json) -> Json:
    """``owner`` as the controller of an object."""
    names = {
        "apiVersion": api_version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    return {**names, "controller": True, "blockOwnerDeletion": True}


def of(body: Json) -> list[Json]:
    """All owner references; empty when it has none."""
    return body["metadata"].get("ownerReferences") or []


def controller(body: Json) -> Json | None:
    return next((owner for owner in of(body) if owner.get("controller")), None)


def claimed(api: Api, kind: str, bodies: list[Json], owner: Json) -> list[Json]:
    """Those of ``bodies`` that the owner reference ``owner`` controls.

    One that nobody controls, and that is not being deleted, is adopted, if the owner is still there itself.
    """
    members: list[Json] = []
    for body in bodies:
        its = controller(body)
        if its is None and "deletionTimestamp" not in body["metadata"]:
            if api.get(owner["kind"], owner["name"], body["metadata"]["namespace"])["metadata"]["uid"] != owner["uid"]:
                return members
            members.append(replaced(api, kind, body, [*of(body), owner]))
        elif its is not None and its["uid"] == owner["uid"]:
            members.append(body)
    return members


def replaced(api: Api, kind: str, body: Json, references: list[Json]) -> Json:
    """The object, with these owner references, unless it has become another one meanwhile (:class:`ApiError`)."""
    metadata = body["metadata"]
    change = {"metadata": {"uid": metadata["uid"], "ownerReferences": references}}
    return api.patch(kind, metadata["name"], change, MERGE, metadata["namespace"])
