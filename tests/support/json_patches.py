"""Patches of JSON objects as the Kubernetes API applies them."""

from __future__ import annotations

from typing import Any

from bootstrap_monitor.core.json import JsonObject

MERGED_BY_NAME = frozenset({"containers", "initContainers", "volumes", "env"})


def merge(target: JsonObject, patch: JsonObject) -> JsonObject:
    """A JSON merge patch: a list replaces all."""
    return _merged(target, patch, strategic=False)


def strategic_merge(target: JsonObject, patch: JsonObject) -> JsonObject:
    """A strategic merge patch: items of some lists are merged by name; one of an unknown name is placed first."""
    return _merged(target, patch, strategic=True)


def _merged(target: JsonObject, patch: JsonObject, *, strategic: bool) -> JsonObject:
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            before = result.get(key)
            result[key] = _merged(before if isinstance(before, dict) else {}, value, strategic=strategic)
        elif strategic and key in MERGED_BY_NAME:
            result[key] = _merged_by_name(result.get(key) or [], value)
        else:
            result[key] = value
    return result


def _merged_by_name(items: list[Any], patches: list[Any]) -> list[Any]:
    result = list(items)
    for patch in patches:
        names = [item["name"] for item in result]
        if patch["name"] in names:
            position = names.index(patch["name"])
            result[position] = strategic_merge(result[position], patch)
        else:
            result.insert(0, patch)
    return result
