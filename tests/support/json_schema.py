"""As much of JSON Schema 2020-12 as our schemas use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int}
_SAID = {"$schema", "$defs", "title", "description", "format"}
_RULES: dict[str, Callable[[Any, Any], object]] = {
    "required": lambda rule, value: set(rule) <= value.keys(),
    "dependentRequired": lambda rule, value: all(set(rule[key]) <= value.keys() for key in rule.keys() & value.keys()),
    "const": lambda rule, value: value == rule,
    "enum": lambda rule, value: value in rule,
    "minimum": lambda rule, value: value >= rule,
    "maximum": lambda rule, value: value <= rule,
    "minLength": lambda rule, value: len(value) >= rule,
    "pattern": re.search,
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None, path: str = "$") -> Iterator[str]:
    """What is wrong with ``value``. A keyword that is none of the known raises :class:`KeyError`."""
    root = root or schema
    if "type" in schema and type(value) is not _TYPES[schema["type"]]:
        yield f"{path}: type {schema['type']}"
        return
    for keyword, rule in schema.items():
        if keyword == "$ref":
            yield from problems(value, root["$defs"][rule.removeprefix("#/$defs/")], root, path)
        elif keyword == "properties":
            for key in rule.keys() & value.keys():
                yield from problems(value[key], rule[key], root, f"{path}.{key}")
        elif keyword == "items":
            for index, item in enumerate(value):
                yield from problems(item, rule, root, f"{path}[{index}]")
        elif keyword not in {"type", *_SAID} and not _RULES[keyword](rule, value):
            yield f"{path}: {keyword} {rule}"
