"""What an update does to an object: what it may change, and what it leaves."""

from __future__ import annotations

from e2e.clusters.local.api import validation
from e2e.clusters.local.api.errors import Refusals, bad_request
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.schema import decoded

WITH_STATUS = ("Namespace", "Pod", "PersistentVolume", "PersistentVolumeClaim", "Service", "StatefulSet")
# Of metadata, what no client changes.
_SERVERS_OWN = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "uid",
    "namespace",
)


def check_same(old: Json, new: Json, refusals: Refusals) -> None:
    """409 when a PUT is of another object that had the name."""
    there, uid = old["metadata"]["uid"], new["metadata"].get("uid")
    if uid not in (None, "", there):
        raise refusals.conflict(f"Precondition failed: UID in precondition: {uid}, UID in object meta: {there}")


def updated(old: Json, new: Json, subresource: str, refusals: Refusals) -> Json | None:
    """The object to store; ``None`` when nothing changes. 400, 409 or 422 when it cannot be.

    A subresource changes its own part only, and without one `status` stays as it was.
    """
    _check_identity(old["metadata"], new.setdefault("metadata", {}), refusals)
    result, _ = decoded(_part(old, new, subresource) | {"kind": old["kind"]})
    metadata, before = result["metadata"], old["metadata"]
    for name in _SERVERS_OWN:
        metadata.pop(name, None)
        if name in before:
            metadata[name] = before[name]
    for name in ("annotations", "labels"):
        if not metadata.get(name):
            metadata.pop(name, None)
    result |= {"kind": old["kind"], "apiVersion": old["apiVersion"]}
    managed = metadata.pop("managedFields", None)
    if fields := before.get("managedFields") if managed is None else [one for one in managed if one.get("fieldsV1")]:
        metadata["managedFields"] = fields
    validation.complete(result, old, refusals)
    if result == old:
        return None
    if "generation" in before and result.get("spec") != old.get("spec"):
        metadata["generation"] = before["generation"] + 1
    return result


def _check_identity(before: Json, metadata: Json, refusals: Refusals) -> None:
    if (name := metadata.get("name")) != before["name"]:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({before['name']})")
    if (uid := metadata.get("uid")) not in (None, "", before["uid"]):
        raise refusals.invalid([("FieldValueInvalid", f'Invalid value: "{uid}": field is immutable', "metadata.uid")])
    if metadata.get("resourceVersion") not in (None, "", before["resourceVersion"]):
        raise refusals.modified()


def _part(old: Json, new: Json, subresource: str) -> Json:
    if subresource == "status":
        return {**old, "status": new.get("status", {})}
    if subresource == "finalize":
        return {**old, "spec": {**old["spec"], "finalizers": new.get("spec", {}).get("finalizers", [])}}
    return {**new, "status": old["status"]} if old["kind"] in WITH_STATUS else new


def is_done(body: Json) -> bool:
    """Whether it was deleted and nobody holds it any more."""
    metadata = body["metadata"]
    held = metadata.get("finalizers") or (body["kind"] == "Namespace" and body["spec"].get("finalizers"))
    return "deletionTimestamp" in metadata and not held and not metadata.get("deletionGracePeriodSeconds")
