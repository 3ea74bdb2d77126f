"""What kinds there are, as kubectl asks for it before it does anything."""

from __future__ import annotations

from functools import cache

from e2e.clusters.local.api.objects import KINDS, Json, Kind

VERSION = {"major": "1", "minor": "34", "gitVersion": "v1.34.0-local", "platform": "local/local"}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_OF_SUBRESOURCES = {"log": ["get"], "finalize": ["update"]}


def document(path: str) -> Json | None:
    """The answer for this path; ``None`` when it is none of discovery's."""
    return _documents().get(path.rstrip("/"))


@cache
def _documents() -> dict[str, Json]:
    versions = sorted({kind.group_version for kind in KINDS.values()})
    groups = [_group(version) for version in versions if "/" in version]
    return {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
        "/openapi/v3": {"paths": {_path(v)[1:]: {"serverRelativeURL": f"/openapi/v3{_path(v)}"} for v in versions}},
        **{f"/apis/{group['name']}": {"kind": "APIGroup", "apiVersion": "v1", **group} for group in groups},
        **{_path(version): _resources(version) for version in versions},
        **{f"/openapi/v3{_path(version)}": _open_api(version) for version in versions},
    }


def _path(group_version: str) -> str:
    return f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"


def _group(group_version: str) -> Json:
    group, _, version = group_version.partition("/")
    named = {"groupVersion": group_version, "version": version}
    return {"name": group, "versions": [named], "preferredVersion": named}


def _resources(group_version: str) -> Json:
    kinds = [kind for kind in KINDS.values() if kind.group_version == group_version]
    resources = [
        one for kind in kinds for one in (_resource(kind), *(_subresource(kind, s) for s in kind.subresources))
    ]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version}
    return {**head, "resources": resources}


def _resource(kind: Kind) -> Json:
    return {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": _VERBS,
        "shortNames": list(kind.short_names),
        "categories": list(kind.categories),
    }


def _subresource(kind: Kind, name: str) -> Json:
    verbs = _OF_SUBRESOURCES.get(name, ["get", "patch", "update"])
    body = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced, "verbs": verbs}
    if name == "scale":
        return {**body, "kind": "Scale", "group": "autoscaling", "version": "v1"}
    return {**body, "kind": kind.name}


def _open_api(group_version: str) -> Json:
    """No schemas: kubectl only wants to see that the server validates fields itself."""
    group, _, version = group_version.rpartition("/")
    parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    paths = {}
    for kind in KINDS.values():
        if kind.group_version == group_version:
            patched = {"group": group, "version": version, "kind": kind.name}
            operation = {"parameters": parameters, "x-kubernetes-group-version-kind": patched, "responses": {}}
            namespace = "/namespaces/{namespace}" if kind.namespaced else ""
            paths[f"{_path(group_version)}{namespace}/{kind.plural}/{{name}}"] = {"patch": operation}
    return {"openapi": "3.0.0", "info": {"title": "local", "version": VERSION["gitVersion"]}, "paths": paths}
