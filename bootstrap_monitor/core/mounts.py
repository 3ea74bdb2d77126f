"""Where a container's paths lie: on which volume, and where on it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from bootstrap_monitor.core.json import JsonObject


@dataclass(frozen=True, slots=True)
class Mount:
    """One of a container's ``volumeMounts``."""

    volume: str
    path: str
    """The mountPath, normalised."""
    sub_path: str = ""
    """The folder of the volume that is mounted, relative to the volume's root; empty for the root itself."""
    sub_path_expression: str = ""
    """The subPathExpr, which only the kubelet can expand; empty when there is none."""


def mounts(container: JsonObject) -> tuple[Mount, ...]:
    """The mounts of ``container``."""
    return tuple(
        Mount(
            volume=mount["name"],
            path=normal(mount["mountPath"]),
            sub_path=normal(mount.get("subPath") or "").lstrip("/"),
            sub_path_expression=mount.get("subPathExpr") or "",
        )
        for mount in container.get("volumeMounts") or []
    )


def covering(candidates: Iterable[Mount], path: str) -> Mount | None:
    """The mount that ``path`` lies in: the innermost of nested ones; None for none."""
    around = (mount for mount in candidates if within(path, mount.path))
    return max(around, key=lambda mount: len(mount.path), default=None)


def on_volume(mount: Mount, path: str) -> str:
    """Where ``path``, which ``mount`` covers, lies on the volume: absolute from the volume's root."""
    return normal(posixpath.join("/", mount.sub_path, posixpath.relpath(path, mount.path)))


def in_container(mount: Mount, place: str) -> str | None:
    """The path, through ``mount``, of a ``place`` on its volume; None when it is outside of the subPath."""
    root = normal(mount.sub_path)
    if not within(place, root):
        return None
    return normal(posixpath.join(mount.path, posixpath.relpath(place, root)))


def within(path: str, parent: str) -> bool:
    """Whether ``path`` is ``parent`` or lies in it; both normalised."""
    return parent in {path, "/"} or path.startswith(f"{parent}/")


def normal(path: str) -> str:
    """Absolute, from ``/`` where it was relative, without ``.``, ``..``, repeated or trailing slashes."""
    return posixpath.normpath(f"/{path.lstrip('/')}")
