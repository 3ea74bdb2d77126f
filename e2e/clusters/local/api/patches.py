"""The three patches of a client: JSON, merge and strategic merge. An object is given, a new one comes back."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import jsonpatch

from e2e.clusters.local.api.errors import ApiError, Refusals, bad_request
from e2e.clusters.local.api.objects import Json

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

# By which fields the items of a list are told apart; a list that is not here is one value.
MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "port"),
    "imagePullSecrets": ("name",),
    "secrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "ownerReferences": ("uid",),
}
_ORDER, _REMOVE, _RETAIN, _DIRECTIVE = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys", "$patch"


def patched(old: Json, body: Any, content_type: str, refusals: Refusals) -> Json:
    """A new object. :class:`ApiError` 400 for a patch that cannot be read, 415, 422 for one that cannot be done."""
    new: Any
    if content_type == JSON_PATCH:
        new = _json_patched(old, body, refusals)
    elif content_type not in (MERGE, STRATEGIC):
        supported = ", ".join((JSON_PATCH, MERGE, STRATEGIC, APPLY))
        message = f"the body of the request was in an unknown format - accepted media types include: {supported}"
        raise ApiError(415, "UnsupportedMediaType", message)
    elif not isinstance(body, dict):
        raise bad_request("a patch of this type is a JSON object")
    else:
        new = (merged if content_type == MERGE else strategic)(old, body)
    if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
        raise bad_request("json: cannot unmarshal what the patch makes of the object")
    return new


def _json_patched(old: Json, body: Any, refusals: Refusals) -> Any:
    if not isinstance(body, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        return jsonpatch.apply_patch(old, body)
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(str(error)) from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        message = "the server rejected our request due to an error in our request"
        raise ApiError(422, "Invalid", message, {"name": refusals.name, "kind": refusals.kind.plural}) from error


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386: null deletes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    new = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = merged(new.get(name), value)
    return new


def strategic(old: Any, patch: Json) -> Json:
    """As a merge patch, but lists that have a merge key are merged by it; with the directives of such patches."""
    if patch.get(_DIRECTIVE) == "replace":
        return {name: _plain(value) for name, value in patch.items() if value is not None and name != _DIRECTIVE}
    new: Json = dict(old) if isinstance(old, dict) else {}
    if _RETAIN in patch:
        new = {name: value for name, value in new.items() if name in patch[_RETAIN]}
    for name, value in patch.items():
        if name.startswith("$"):
            _directive(new, patch, name)
        elif value is None or (isinstance(value, dict) and value.get(_DIRECTIVE) == "delete"):
            new.pop(name, None)
        elif isinstance(value, dict):
            new[name] = strategic(new.get(name), value)
        elif isinstance(value, list):
            new[name] = _list(name, new.get(name) or [], value, patch.get(_ORDER + name))
        else:
            new[name] = value
    return new


def _directive(new: Json, patch: Json, directive: str) -> None:
    name = directive.rpartition("/")[2]
    if directive.startswith(_REMOVE):
        new[name] = [one for one in new.get(name, []) if one not in patch[directive]]
    elif directive.startswith(_ORDER) and name not in patch and name in new:
        new[name] = _list(name, new[name], [], patch[directive])


def merge_key(name: str, items: Sequence[Any]) -> str | None:
    """The field that tells these items apart, if there is one for a list of this name."""
    return next((key for key in MERGE_KEYS.get(name, ()) if all(isinstance(i, dict) and key in i for i in items)), None)


def _list(name: str, old: list[Any], patch: list[Any], order: list[Any] | None) -> list[Any]:
    if name == "finalizers":
        return old + [one for one in patch if one not in old]
    if name not in MERGE_KEYS:
        return [_plain(one) for one in patch]
    if {_DIRECTIVE: "replace"} in patch:
        return [_plain(one) for one in patch if one != {_DIRECTIVE: "replace"}]
    key = merge_key(name, [*old, *patch, *(order or [])])
    if key is None:
        raise bad_request(f"map: {patch} does not contain declared merge key: {MERGE_KEYS[name][0]}")
    items = {one[key]: one for one in old}
    positions = {value: position for position, value in enumerate(items)}
    for one in patch:
        if one.get(_DIRECTIVE) == "delete":
            items.pop(one[key], None)
        else:
            items[one[key]] = strategic(items.get(one[key]), one)
    named = [one[key] for one in (patch if order is None else order) if one[key] in items]
    return [items[value] for value in _interleaved([v for v in items if v not in named], named, positions)]


def _interleaved(others: list[Any], named: list[Any], positions: Mapping[Any, int]) -> list[Any]:
    """The patch's order and the live order are kept; an item that was not there comes before all that follow."""
    result: list[Any] = []
    for value in named:
        while others and value in positions and positions.get(others[0], -1) < positions[value]:
            result.append(others.pop(0))
        result.append(value)
    return result + others


def _plain(value: Any) -> Any:
    """Without nulls and directives."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    return [_plain(one) for one in value] if isinstance(value, list) else value
