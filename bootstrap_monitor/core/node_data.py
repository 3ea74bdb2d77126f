"""The node's data as this program sees it: what to clear before a test, on the volume that both mount."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from bootstrap_monitor.core import mounts, node_dirs, our_mount, pod
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.mounts import Mount
from bootstrap_monitor.errors import ConfigurationError

_DO = "Put the node's database on the volume of --data-dir, or name the node's data with --node-data-dir."


@dataclass(frozen=True, slots=True)
class NodeData:
    """Absolute paths in our own container."""

    places: tuple[str, ...]
    """What the node writes on our volume, sorted, none within another. A place that is ``mount_path``, or has
    our data dir in it, is not the node's alone: its children are cleared but our own files."""
    mount_path: str
    """The root of our view of the volume: clearing never leaves it."""
    database: str
    """The node's database, in one of the places."""
    warnings: tuple[str, ...] = ()


def derive(own_pod: JsonObject, node_container: str, data_dir: str, override: str | None) -> NodeData:
    """The places of the node in the container ``node_container``, for us who see the volume at ``data_dir``.

    ``override`` (the option ``--node-data-dir``) is a path in our container, absolute or relative to
    ``data_dir``, that replaces what is derived from the pod.

    :raises ConfigurationError: the database lies on no volume of ours, or where cannot be told.
    """
    if not data_dir.startswith("/"):
        raise ConfigurationError(
            f"--data-dir is {data_dir!r}, a relative path", reason="BadDataDir", do="Give an absolute path."
        )
    data_dir = mounts.normal(data_dir)
    if override:
        return _overridden(own_pod, node_container, data_dir, override)
    ours = our_mount.find(own_pod, node_container, data_dir)
    node = pod.required_container(own_pod, node_container)
    dirs = node_dirs.derive(node)
    node_mounts = mounts.mounts(node)
    database = _place(ours, node_mounts, "database", dirs.db_dir)
    if database is None:
        lies_on = mounts.covering(node_mounts, dirs.db_dir)
        raise ConfigurationError(
            f"the node's database {dirs.db_dir!r} lies "
            + (f"on the volume {lies_on.volume!r}" if lies_on else "in its container's own filesystem")
            + f", --data-dir {data_dir!r} on the volume {ours.volume!r}",
            reason="NodeDataElsewhere",
            check="AVAGO_DATA_DIR, AVAGO_DB_DIR, --data-dir and --db-dir of the node, and its volumeMounts.",
            do=_DO,
        )
    others = (
        _place(ours, node_mounts, "data dir", dirs.data_dir),
        _place(ours, node_mounts, "chain data", dirs.chain_data_dir),
    )
    places = [database, *(place for place in others if place is not None)]
    return NodeData(_outermost(places), ours.path, database, dirs.warnings)


def _overridden(own_pod: JsonObject, node_container: str, data_dir: str, override: str) -> NodeData:
    try:
        root = our_mount.find(own_pod, node_container, data_dir).path
    except ConfigurationError:
        root = data_dir
    place = mounts.normal(posixpath.join(data_dir, override))
    if not mounts.within(place, root):
        raise ConfigurationError(
            f"--node-data-dir is {override!r}, which is not in {root!r}",
            reason="BadNodeDataDir",
            check="The path as this container sees it, absolute or relative to --data-dir.",
            do=f"Name a folder in {root!r}.",
        )
    return NodeData((place,), root, posixpath.join(place, "db"))


def _place(ours: Mount, node_mounts: tuple[Mount, ...], what: str, path: str) -> str | None:
    """``path`` of the node's container in ours; None when it lies on another volume, or on none."""
    theirs = mounts.covering(node_mounts, path)
    if theirs is None or theirs.volume != ours.volume:
        return None
    expression = theirs.sub_path_expression or ours.sub_path_expression
    if expression:
        raise ConfigurationError(
            f"the node's {what} {path!r} lies behind the subPathExpr {expression!r}, which cannot be read",
            reason="NodeDataUnclear",
            check="volumeMounts of the node's container and of this program's.",
            do="Use subPath, or name the node's data with --node-data-dir.",
        )
    place = mounts.in_container(ours, mounts.on_volume(theirs, path))
    if place is None:
        raise ConfigurationError(
            f"the node's {what} {path!r} lies on {ours.volume!r} outside of our subPath {ours.sub_path!r}",
            reason="NodeDataOutOfReach",
            check="subPath of the node's volumeMounts and of this program's.",
            do="Mount the volume's root, or the node's subPath, in this program's containers.",
        )
    return place


def _outermost(places: Iterable[str]) -> tuple[str, ...]:
    unique = set(places)
    return tuple(
        sorted(place for place in unique if not any(mounts.within(place, other) for other in unique if other != place))
    )
