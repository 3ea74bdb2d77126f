"""Which fields there are and of which types, as the models of the `kubernetes` client know it."""

from __future__ import annotations

from typing import Any

from kubernetes import client

from e2e.clusters.local.api.errors import bad_request
from e2e.clusters.local.api.objects import KINDS, Json

_SCALARS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": (int, float),
    "datetime": str,
    "bytes": str,
}
# Of the models, strings; a number is one, too.
_QUANTITIES = ("limits", "requests", "capacity", "allocatedResources")


def decoded(body: Json) -> tuple[Json, list[str]]:
    """A copy without nulls and the fields that its kind does not have, and which these are: `spec.unknown`.

    :class:`ApiError` 400 for a value of a wrong type.
    """
    kind, unknown = body["kind"], list[str]()
    version = KINDS[kind].group_version.rpartition("/")[2]
    try:
        result = _model(body, "CoreV1Event" if kind == "Event" else f"V1{kind}", "", unknown)
    except TypeError as error:
        message = f'{kind} in version "{version}" cannot be handled as a {kind}: json: cannot unmarshal {error}'
        raise bad_request(message) from error
    return result, unknown


def _decoded(value: Any, type_: str, path: str, unknown: list[str]) -> Any:
    if type_ == "object":
        return value
    if type_.startswith("List["):
        _expect(value, list, path)
        return [_decoded(one, type_[5:-1], f"{path}[{position}]", unknown) for position, one in enumerate(value)]
    if type_.startswith("Dict["):
        _expect(value, dict, path)
        if path.rpartition(".")[2] in _QUANTITIES:
            return {key: str(one) for key, one in value.items()}
        return {
            key: _decoded(one, type_[5:-1].partition(", ")[2], f"{path}.{key}", unknown) for key, one in value.items()
        }
    if type_ in _SCALARS:
        _expect(value, _SCALARS[type_], path)
        return value
    return _model(value, type_, path, unknown)


def _model(value: Any, type_: str, path: str, unknown: list[str]) -> Json:
    _expect(value, dict, path)
    model: Any = getattr(client, type_)
    types = {name: model.openapi_types[field] for field, name in model.attribute_map.items()}
    result = {}
    for name, below in value.items():
        here = f"{path}.{name}" if path else name
        if below is None:
            continue
        if name in types:
            result[name] = _decoded(below, types[name], here, unknown)
        else:
            unknown.append(here)
    return result


def _expect(value: Any, types: type | tuple[type, ...], path: str) -> None:
    if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
        raise TypeError(f"{type(value).__name__} into field {path}")
