"""The node's versions: what ``./avalanchego --version-json`` prints.

``{"application":"avalanchego/1.13.0", "database":"v1.4.5", "rpcchainvm":39, "commit":"", "go":"1.23.6"}``
"""

from __future__ import annotations

import json
import re

from bootstrap_monitor.core.json import JsonObject

_LONGEST_LOG = 65_536
"""Characters looked at, from the end: a log full of objects that do not end must not cost minutes."""
_OBJECT = re.compile(r'\{\s*["}]')
"""Where one can begin."""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_no_constant)


def parse_versions(text: str) -> str | None:
    """The versions in a container's log, as compact JSON in the node's own order of keys.

    They are the last object (of the outermost ones) whose ``application`` is a string; whatever else is in
    the log is skipped. None when there is none.
    """
    text = text[-_LONGEST_LOG:]
    found: JsonObject | None = None
    begin = _OBJECT.search(text)
    while begin:
        value, end = _object_at(text, begin.start())
        if value is not None and isinstance(value.get("application"), str):
            found = value
        begin = _OBJECT.search(text, end)
    return None if found is None else json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def versions_of(annotation: str | None) -> JsonObject | None:
    """The object in a versions annotation, for ``testConfig.versions`` in the log; None for anything else."""
    if not annotation:
        return None
    text = annotation.strip()
    value, end = _object_at(text, 0)
    return value if end == len(text) else None


def _object_at(text: str, position: int) -> tuple[JsonObject | None, int]:
    """The object that begins there and the position behind it; without one, None and the next position."""
    try:
        value, end = _decoder.raw_decode(text, position)
    except (ValueError, RecursionError):
        return None, position + 1
    return (value, end) if isinstance(value, dict) else (None, position + 1)
