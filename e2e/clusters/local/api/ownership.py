"""Which manager set which fields: `metadata.managedFields`, and server-side apply, which rests on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json, copied, timestamp
from e2e.clusters.local.api.patches import merge_key, strategic

# As `fieldsV1` writes them: `f:` and a name, `k:` and the keys of an item, `.` for the item as such.
Path = tuple[str, ...]

# Objects that are one value.
_ATOMIC = ("selector", "nodeSelector", "fieldRef", "secretKeyRef", "configMapKeyRef", "resourceFieldRef")
_NOBODYS = {
    *(("f:apiVersion",), ("f:kind",)),
    *(("f:metadata", f"f:{name}") for name in ("name", "namespace", "uid", "resourceVersion", "generation")),
    *(("f:metadata", f"f:{name}") for name in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")),
}


class Owner(NamedTuple):
    """One entry of `managedFields`: ``operation`` is `Apply` or `Update`."""

    manager: str
    operation: str
    subresource: str = ""


Owners = dict[Owner, set[Path]]


def fields_of(body: Json, subresource: str = "") -> dict[Path, Any]:
    """All fields but those of the server's own, with their values; of `status` only for that subresource."""
    part = {key: value for key, value in body.items() if (key == "status") == (subresource == "status")}
    if "metadata" in part:
        part["metadata"] = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return {path: value for path, value in _walk(part, "", ()) if path not in _NOBODYS}


def note_update(old: Json, new: Json, owner: Owner, now: datetime) -> None:
    """Writes into ``new`` that this owner has what differs from ``old``, and nobody else has it any more."""
    before, after = fields_of(old, owner.subresource), fields_of(new, owner.subresource)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = before.keys() - after.keys()
    owners = {one: paths - changed - gone for one, paths in _owners(new).items()}
    if owner.manager:
        owners[owner] = owners.get(owner, set()) | changed
    _write(new, owners, now)


def applied(old: Json, body: Json, manager: str, *, force: bool, now: datetime) -> Json:
    """What an apply makes of the object. 409 when others have set a field to another value, unless forced.

    Fields that the manager named the last time and names no more are gone, if nobody else owns them.
    """
    owner, owners = Owner(manager, "Apply"), _owners(old)
    wanted, there = fields_of(body), fields_of(old)
    differ = {path for path, value in wanted.items() if path in there and there[path] != value}
    conflicts = [(other, path) for other in owners if other != owner for path in sorted(owners[other] & differ)]
    if conflicts and not force:
        raise _conflict(conflicts, old["apiVersion"])
    others = {other: paths - differ for other, paths in owners.items() if other != owner}
    new = copied(strategic(old, body))
    # An item goes as a whole, before the fields by which it is found.
    for path in sorted(owners.get(owner, set()) - wanted.keys() - set().union(*others.values())):
        _remove(new, path)
    new["metadata"] |= {"managedFields": old["metadata"].get("managedFields", [])}
    _write(new, {**others, owner: set(wanted)}, now)
    return new


def note_applied(new: Json, body: Json, manager: str, now: datetime) -> None:
    """Writes into a new object what the manager that made it by an apply named."""
    _write(new, {Owner(manager, "Apply"): set(fields_of(body))}, now)


def _walk(value: Any, name: str, path: Path) -> Iterator[tuple[Path, Any]]:
    key = merge_key(name, value) if isinstance(value, list) and value else None
    if isinstance(value, dict) and value and name not in _ATOMIC:
        for field, below in value.items():
            yield from _walk(below, field, (*path, f"f:{field}"))
    elif key is not None:
        for item in value:
            names = {key: item[key]} | ({"protocol": item.get("protocol", "TCP")} if name == "ports" else {})
            here = (*path, "k:" + json.dumps(names, separators=(",", ":")))
            yield (*here, "."), None
            yield from _walk(item, "", here)
    else:
        yield path, value


def _owners(body: Json) -> Owners:
    def paths(fields: Json, path: Path) -> Iterator[Path]:
        for name, below in fields.items():
            yield from paths(below, (*path, name)) if below else [(*path, name)]

    entries = body["metadata"].get("managedFields") or []
    return {_owner(one): set(paths(one["fieldsV1"], ())) for one in entries if "fieldsV1" in one}


def _owner(entry: Json) -> Owner:
    return Owner(entry["manager"], entry["operation"], entry.get("subresource", ""))


def _write(body: Json, owners: Mapping[Owner, set[Path]], now: datetime) -> None:
    """The times of entries that stay as they are stay, too."""
    before = {_owner(entry): entry for entry in body["metadata"].get("managedFields") or []}
    entries = []
    for owner, paths in owners.items():
        fields: Json = {}
        for path in sorted(paths):
            here = fields
            for name in path:
                here = here.setdefault(name, {})
        entry = {"manager": owner.manager, "operation": owner.operation, "apiVersion": body["apiVersion"]}
        entry |= {"time": timestamp(now), "fieldsType": "FieldsV1", "fieldsV1": fields}
        entry |= {"subresource": owner.subresource} if owner.subresource else {}
        if fields:
            entries.append(before[owner] if before.get(owner, {}).get("fieldsV1") == fields else entry)
    body["metadata"].pop("managedFields", None)
    if entries:
        body["metadata"]["managedFields"] = entries


def _remove(body: Json, path: Path) -> None:
    """A field, or an item of a list; nothing when it has gone with what it was in."""
    here: Any = body
    inner = path[:-2] if path[-1] == "." else path[:-1]
    for name in inner:
        here = _item(here, name) if name.startswith("k:") else (here or {}).get(name[2:])
    if here and path[-1] == ".":
        here[:] = [item for item in here if item is not _item(here, path[-2])]
    elif here:
        here.pop(path[-1][2:], None)


def _item(items: list[Json] | None, key: str) -> Json | None:
    names = json.loads(key[2:])
    return next((item for item in items or [] if {"protocol": "TCP", **item}.items() >= names.items()), None)


def _conflict(conflicts: list[tuple[Owner, Path]], version: str) -> ApiError:
    told: dict[str, list[str]] = {}
    for owner, path in conflicts:
        using = f" using {version}" if owner.operation == "Update" else ""
        told.setdefault(f'"{owner.manager}"{using}', []).append(_shown(path))
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": field}
        for who, fields in told.items()
        for field in fields
    ]
    if len(causes) == 1:
        message = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        each = (
            f"conflicts with {who}:\n" + "\n".join(f"- {field}" for field in fields) for who, fields in told.items()
        )
        message = f"{len(causes)} conflicts: " + "\n".join(each)
    return ApiError(409, "Conflict", f"Apply failed with {message}", {"causes": causes})


def _shown(path: Path) -> str:
    """`.spec.containers[name="node"].image`."""
    return "".join(_shown_key(name) if name.startswith("k:") else f".{name[2:]}" for name in path)


def _shown_key(key: str) -> str:
    return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in json.loads(key[2:]).items()) + "]"
