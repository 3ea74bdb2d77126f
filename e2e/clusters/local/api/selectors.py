"""Label and field selectors, as a query has them."""

from __future__ import annotations

import re
from collections.abc import Callable

from e2e.clusters.local.api.errors import bad_request
from e2e.clusters.local.api.objects import Json, labels_of

Matches = Callable[[Json], bool]

_SETS = re.compile(r"(?P<key>[^\s,!=()]+)\s+(?P<operator>in|notin)\s+\((?P<values>[^)]*)\)")
_EQUALS = re.compile(r"(?P<key>[^\s,!=()]+)\s*(?P<operator>==|=|!=)\s*(?P<values>[^\s,!=()]*)")
_EXISTS = re.compile(r"(?P<operator>!?)\s*(?P<key>[^\s,!=()]+)(?P<values>)")
_COMMA = re.compile(r",(?![^(]*\))")

_FIELDS = ("metadata.name", "metadata.namespace")
_MORE_FIELDS = {
    "Pod": ("status.phase", "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.podIP"),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
    "Event": (
        *(f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        *("reason", "type", "source", "reportingComponent"),
    ),
}


def selector(kind: str, labels: str, fields: str) -> Matches:
    """True for objects that match both; :class:`ApiError` 400 for one that cannot be read."""
    requirements = [_label(part.strip()) for part in _COMMA.split(labels) if part.strip()]
    requirements += [_field(kind, part.strip()) for part in fields.split(",") if part.strip()]
    return lambda body: all(holds(body) for holds in requirements)


def _label(text: str) -> Matches:
    found = _SETS.fullmatch(text) or _EQUALS.fullmatch(text) or _EXISTS.fullmatch(text)
    if found is None:
        raise bad_request(f"unable to parse requirement: {text}")
    key, operator = found["key"], found["operator"]
    values = {value.strip() for value in found["values"].split(",")}
    if operator == "!":
        return lambda body: key not in labels_of(body)
    if operator == "":
        return lambda body: key in labels_of(body)
    if operator in ("notin", "!="):
        return lambda body: labels_of(body).get(key) not in values
    return lambda body: labels_of(body).get(key) in values


def _field(kind: str, text: str) -> Matches:
    found = _EQUALS.fullmatch(text)
    if found is None:
        raise bad_request(f"invalid selector: '{text}'; can't understand '{text}'")
    path, wanted, equal = found["key"], found["values"], found["operator"] != "!="
    if path not in (*_FIELDS, *_MORE_FIELDS.get(kind, ())):
        raise bad_request(f"field label not supported: {path}")
    return lambda body: (_value(body, path) == wanted) == equal


def _value(body: Json, path: str) -> str:
    here: object = body
    for name in path.split("."):
        here = here.get(name, "") if isinstance(here, dict) else ""
    return str(here)
