"""Builders of pods' JSON, with just the fields that are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bootstrap_monitor.core.json import JsonObject

NODE = "avago"


def env(**values: str | JsonObject) -> list[JsonObject]:
    """Variables: a text is a literal value, an object a ``valueFrom``."""
    return [
        {"name": name, "value": value} if isinstance(value, str) else {"name": name, "valueFrom": value}
        for name, value in values.items()
    ]


def mount(volume: str, path: str, **more: str) -> JsonObject:
    return {"name": volume, "mountPath": path, **more}


def container(name: str = NODE, **fields: Any) -> JsonObject:
    return {"name": name, "image": "avaplatform/avalanchego:latest", **fields}


def pod(
    *containers: JsonObject,
    init: tuple[JsonObject, ...] = (),
    annotations: Mapping[str, str] | None = None,
    running: tuple[str, ...] = (),
) -> JsonObject:
    """A pod; ``running`` are the init containers that run, the others have ended."""
    return {
        "metadata": {"name": "test-0", "annotations": dict(annotations or {})},
        "spec": {"initContainers": list(init), "containers": list(containers)},
        "status": {
            "initContainerStatuses": [
                {"name": item["name"], "state": {"running" if item["name"] in running else "terminated": {}}}
                for item in init
            ]
        },
    }
