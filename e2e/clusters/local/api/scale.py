"""The subresource `scale` of a StatefulSet."""

from __future__ import annotations

from e2e.clusters.local.api.errors import bad_request, method_not_allowed
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.requests import Request, Response, Target
from e2e.clusters.local.api.verbs import Api


def answer(api: Api, request: Request, target: Target) -> Response:
    """GET, and PUT or PATCH of `spec.replicas`."""
    kind, name, namespace = target.kind.name, target.name, target.namespace
    if request.method == "GET":
        return Response.of(_scale(api.get(kind, name, namespace)))
    if request.method not in ("PUT", "PATCH"):
        raise method_not_allowed()
    body = request.body()
    replicas = body.get("spec", {}).get("replicas") if isinstance(body, dict) else None
    if not isinstance(replicas, int):
        raise bad_request("spec.replicas: a number is expected")
    metadata = {"resourceVersion": body.get("metadata", {}).get("resourceVersion", "")}
    patch = {"metadata": metadata, "spec": {"replicas": replicas}}
    return Response.of(_scale(api.patch(kind, name, patch, MERGE, namespace, manager=request.manager)))


def _scale(owner: Json) -> Json:
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = owner["spec"].get("selector", {}).get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: owner["metadata"][name] for name in names},
        "spec": {"replicas": owner["spec"]["replicas"]},
        "status": {
            "replicas": owner["status"].get("replicas", 0),
            "selector": ",".join(f"{name}={value}" for name, value in labels.items()),
        },
    }
