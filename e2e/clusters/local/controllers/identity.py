"""The pods and claims of a StatefulSet, as they are made: name, labels, volumes, owners."""

from __future__ import annotations

import copy

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.controllers import owners
from e2e.clusters.local.controllers.pods import REVISION_LABEL

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"


def selector_text(stateful_set: Json) -> str:
    """Its label selector, as a query has it."""
    selector = stateful_set["spec"]["selector"]
    requirements = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], ",".join(expression.get("values") or [])
        texts = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        requirements.append(texts[expression["operator"]])
    return ",".join(requirements)


def pod(stateful_set: Json, template: Json, revision: str, ordinal: int) -> Json:
    """To be created: the pod of that ordinal, of the revision whose template this is."""
    template = copy.deepcopy(template)
    set_name = stateful_set["metadata"]["name"]
    name = f"{set_name}-{ordinal}"
    metadata = template.get("metadata") or {}
    labels = {REVISION_LABEL: revision, POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal)}
    metadata |= {
        "name": name,
        "generateName": f"{set_name}-",
        "namespace": stateful_set["metadata"]["namespace"],
        "labels": (metadata.get("labels") or {}) | labels,
        "ownerReferences": [owners.reference(stateful_set)],
    }
    spec = template["spec"] | {"hostname": name}
    if service := stateful_set["spec"].get("serviceName"):
        spec["subdomain"] = service
    volumes = [
        {"name": volume, "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
        for volume, claim in claims(stateful_set, ordinal).items()
    ]
    taken = {volume["name"] for volume in volumes}
    volumes += [volume for volume in spec.get("volumes") or [] if volume["name"] not in taken]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | {"volumes": volumes}}


def claims(stateful_set: Json, ordinal: int) -> dict[str, Json]:
    """By volume name: the claims of the pod of that ordinal, to be created."""
    name, namespace = stateful_set["metadata"]["name"], stateful_set["metadata"]["namespace"]
    selected = stateful_set["spec"]["selector"].get("matchLabels") or {}
    found = {}
    for template in stateful_set["spec"].get("volumeClaimTemplates") or []:
        metadata = copy.deepcopy(template["metadata"])
        volume = metadata["name"]
        metadata |= {"name": f"{volume}-{name}-{ordinal}", "namespace": namespace}
        metadata["labels"] = (metadata.get("labels") or {}) | selected
        if references := claim_owners(stateful_set, None):
            metadata["ownerReferences"] = references
        spec = copy.deepcopy(template["spec"])
        found[volume] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    return found


def claim_owners(stateful_set: Json, condemned: Json | None) -> list[Json]:
    """With whom a claim goes, by the retention policy: its pod, once that is ``condemned``, or the StatefulSet."""
    policy = stateful_set["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if condemned is not None and policy.get("whenScaled") == "Delete":
        return [owners.reference(condemned)]
    return [owners.reference(stateful_set)] if policy.get("whenDeleted") == "Delete" else []
