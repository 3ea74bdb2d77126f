"""Whether the one node is what a pod asks for. Pure; resources are not counted."""

from __future__ import annotations

import platform

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.kubelet import node

LABELS = {
    "kubernetes.io/hostname": node.NAME,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
}


def unfit(spec: Json) -> str:
    """Why the node is not fit for a pod of this spec, as a scheduler says it; empty when it is."""
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = [term.get("matchExpressions") or [] for term in affinity["nodeSelectorTerms"]] if affinity else [[]]
    selected = all(LABELS.get(label) == value for label, value in (spec.get("nodeSelector") or {}).items())
    if selected and any(all(_holds(wanted) for wanted in term) for term in terms):
        return ""
    return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."


def _holds(wanted: Json) -> bool:
    value, values = LABELS.get(wanted["key"]), wanted.get("values") or []
    operator = wanted["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return bool((value is not None) == (operator == "Exists"))
    return bool((value in values) == (operator == "In"))
