"""What POST does with an object before it is stored."""

from __future__ import annotations

import random
import string
import uuid
from datetime import datetime

from e2e.clusters.local.api import validation
from e2e.clusters.local.api.errors import Refusals, bad_request
from e2e.clusters.local.api.objects import KINDS, Json, Kind, timestamp
from e2e.clusters.local.api.schema import decoded

# As a real one's: no vowels, and nothing that looks like another.
_LETTERS = "".join(one for one in string.ascii_lowercase + string.digits if one not in "aeiouy013l")
_SERVERS_OWN = ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields")


def complete(kind: Kind, body: Json, namespace: str, now: datetime) -> Json:
    """A copy with a name, a namespace, a uid, the time and the defaults. 400 and 422 for what cannot be."""
    new, _ = decoded(body | {"kind": kind.name})
    metadata = new.setdefault("metadata", {})
    for name in _SERVERS_OWN:
        metadata.pop(name, None)
    if kind.namespaced:
        given = metadata.get("namespace") or namespace or "default"
        if namespace not in ("", given):
            message = f"the namespace of the object ({given}) does not match the namespace on the URL ({namespace})"
            raise bad_request(message)
        metadata["namespace"] = given
    else:
        metadata.pop("namespace", None)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + "".join(random.choices(_LETTERS, k=5))
    metadata.setdefault("name", "")
    new["apiVersion"] = kind.group_version
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp(now)}
    if kind.name == "StatefulSet":
        metadata["generation"] = 1
    if "status" in kind.subresources:
        new.pop("status", None)
    validation.complete(new, None, Refusals(kind, metadata["name"]))
    return new


def given(kind: Kind, body: object, name: str, namespace: str) -> Json:
    """The body of an apply, of that object; 400 when it is of another."""
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        raise bad_request("an apply is an object with apiVersion, kind and metadata")
    named = [body.get("apiVersion"), body.get("kind"), body["metadata"].get("name")]
    if named != [kind.group_version, kind.name, name]:
        raise bad_request(f"the body is of {named}, the URL of {kind.group_version}, {kind.name}, {name}")
    if body["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    return body | {"metadata": body["metadata"] | ({"namespace": namespace} if namespace else {})}


def check_namespace(there: Json | None, name: str, refusals: Refusals) -> None:
    """404 for an absent one, 403 for one that ends."""
    if there is None:
        raise Refusals(KINDS["Namespace"], name).not_found()
    if "deletionTimestamp" in there["metadata"]:
        why = f"unable to create new content in namespace {name} because it is being terminated"
        raise refusals.forbidden(
            why, ("NamespaceTerminating", f"namespace {name} is being terminated", "metadata.namespace")
        )
