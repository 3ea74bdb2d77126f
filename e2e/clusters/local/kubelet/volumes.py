"""A pod's volumes as folders: where the mount paths of a container really are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.kubelet.environment import Find, data, expand


class NotReadyError(Exception):
    """A volume is not there yet, and its pod waits for it."""


def folders(pod: Json, own: Path, find: Find) -> dict[str, Path]:
    """By the volume's name. Those that go with the pod are in ``own``.

    :raises NotReadyError: one is missing.
    """
    found = {}
    for volume in pod["spec"].get("volumes") or []:
        folder = _folder(volume, own / volume["name"], find)
        folder.mkdir(parents=True, exist_ok=True)
        found[volume["name"]] = folder
    return found


def mounted(container: Json, places: Mapping[str, Path], values: Mapping[str, str]) -> dict[str, Path]:
    """The container's mount paths; ``values`` are its variables, for a subPathExpr."""
    found = {}
    for mount in container.get("volumeMounts") or []:
        inner = mount.get("subPath") or expand(mount.get("subPathExpr") or "", values)
        place = places[mount["name"]] / inner.strip("/")
        if not place.exists():
            place.mkdir(parents=True)
        found[mount["mountPath"]] = place
    return found


def _folder(volume: Json, own: Path, find: Find) -> Path:
    if claim := volume.get("persistentVolumeClaim"):
        bound = find("PersistentVolumeClaim", claim["claimName"]) or {}
        held = find("PersistentVolume", (bound.get("spec") or {}).get("volumeName") or "")
        if held is None:
            raise NotReadyError(f'persistentvolumeclaim "{claim["claimName"]}" is not bound')
        return Path(held["spec"]["hostPath"]["path"])
    if "hostPath" in volume:
        return Path(volume["hostPath"]["path"])
    for kind, source, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
        if source in volume:
            _write(kind, volume[source][key], own, find, optional=bool(volume[source].get("optional")))
    # All others are empty: the token of a service account is not needed to talk to this cluster.
    return own


def _write(kind: str, name: str, own: Path, find: Find, *, optional: bool) -> None:
    found = find(kind, name)
    if found is None and not optional:
        raise NotReadyError(f'{kind.lower()} "{name}" not found')
    own.mkdir(parents=True, exist_ok=True)
    for key, value in data(found).items() if found else ():
        (own / key).write_text(value, encoding="utf-8")
