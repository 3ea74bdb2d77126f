"""What a container's program is given: variables from all their sources, and words with `$(NAME)` in them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from e2e.clusters.local.api.objects import Json

Find = Callable[[str, str], Json | None]
"""Kind and name to the Secret or ConfigMap; ``None`` when there is none."""

_EXPANDED = re.compile(r"\$\$|\$\(([^()]*)\)")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigError(Exception):
    """The container cannot be made as its manifest says; the message is for its status."""


@dataclass(frozen=True)
class Facts:
    """What variables may refer to."""

    pod: Json
    address: str
    find: Find


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` by its value, or left as it is when there is none; `$$` is a dollar."""
    return _EXPANDED.sub(lambda found: "$" if found[0] == "$$" else values.get(found[1], found[0]), text)


def variables(container: Json, facts: Facts) -> dict[str, str]:
    """Of `envFrom` and `env`; a value may refer to those before it.

    :raises ConfigError: it refers to something that is not there.
    """
    values: dict[str, str] = {}
    for source in container.get("envFrom") or []:
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if reference := source.get(key):
                data = _data(kind, reference, facts) or {}
                values |= {source.get("prefix", "") + name: value for name, value in data.items()}
    for entry in container.get("env") or []:
        source = entry.get("valueFrom")
        value = _from(source, facts) if source else expand(entry.get("value") or "", values)
        if value is not None:
            values[entry["name"]] = value
    return values


def words(container: Json, image: Json, values: Mapping[str, str]) -> list[str]:
    """The command line. A command in the manifest is without the image's arguments."""
    command: Sequence[str] = container.get("command") or image.get("Entrypoint") or []
    arguments = container.get("args") or ([] if container.get("command") else image.get("Cmd") or [])
    return [expand(word, values) for word in [*command, *arguments]]


def _from(source: Json, facts: Facts) -> str | None:
    if field := source.get("fieldRef"):
        return _field(field["fieldPath"], facts)
    for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        if reference := source.get(key):
            data = _data(kind, reference, facts)
            if data is None or reference["key"] in data or reference.get("optional"):
                return (data or {}).get(reference["key"])
            place = f"{facts.pod['metadata']['namespace']}/{reference['name']}"
            raise ConfigError(f"couldn't find key {reference['key']} in {kind} {place}")
    return None  # resources: a process has no limits


def _field(path: str, facts: Facts) -> str:
    metadata, spec = facts.pod["metadata"], facts.pod["spec"]
    if found := _SUBSCRIPT.fullmatch(path):
        return str((metadata.get(found[1]) or {}).get(found[2], ""))
    fields = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": "127.0.0.1",
        "status.hostIPs": "127.0.0.1",
        "status.podIP": facts.address,
        "status.podIPs": facts.address,
    }
    if path not in fields:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return str(fields[path])


def _data(kind: str, reference: Json, facts: Facts) -> dict[str, str] | None:
    found = facts.find(kind, reference["name"])
    if found is not None:
        return data(found)
    if reference.get("optional"):
        return None
    raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')


def data(found: Json) -> dict[str, str]:
    """What a ConfigMap or a Secret holds."""
    if found["kind"] == "ConfigMap":
        return dict(found.get("data") or {})
    decoded = {
        key: base64.b64decode(value).decode(errors="replace") for key, value in (found.get("data") or {}).items()
    }
    return decoded | dict(found.get("stringData") or {})
