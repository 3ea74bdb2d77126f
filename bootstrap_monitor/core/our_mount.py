"""Which mount this program's data dir lies in. A pod does not say which container runs it."""

from __future__ import annotations

from collections.abc import Iterable

from bootstrap_monitor.core import mounts, pod
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.mounts import Mount
from bootstrap_monitor.errors import ConfigurationError


def find(own_pod: JsonObject, node_container: str, data_dir: str) -> Mount:
    """The mount of our container that ``data_dir`` (absolute, normalised) lies in.

    All containers but the node's may be ours. Where their mounts over ``data_dir`` differ, those of the init
    container that is running decide: while one runs, no other container but a sidecar does.

    :raises ConfigurationError: there is none, or it cannot be told.
    """
    spec = own_pod["spec"]
    init_containers = spec.get("initContainers") or []
    others = [*init_containers, *(item for item in spec["containers"] if item["name"] != node_container)]
    candidates = _covering(others, data_dir)
    if len(candidates) > 1:
        running = [item for item in init_containers if _runs_once(item) and _is_running(own_pod, item["name"])]
        candidates = _covering(running, data_dir) or candidates
    if len(candidates) == 1:
        return candidates.pop()
    volumes = ", ".join(sorted({mount.volume for mount in candidates}))
    raise ConfigurationError(
        f"it cannot be told which mount --data-dir {data_dir!r} lies in"
        if candidates
        else f"--data-dir {data_dir!r} lies on no volume",
        reason="DataVolumeUnclear" if candidates else "NoDataVolume",
        check=f"volumeMounts of the pod's containers; over it are: {volumes or 'none'}.",
        do="Mount the data volume there, alike in all containers of this program, or give --node-data-dir.",
    )


def _covering(candidates: Iterable[JsonObject], data_dir: str) -> set[Mount]:
    found = (mounts.covering(mounts.mounts(candidate), data_dir) for candidate in candidates)
    return {mount for mount in found if mount is not None}


def _runs_once(init_container: JsonObject) -> bool:
    return init_container.get("restartPolicy") != "Always"  # "Always" makes it a sidecar


def _is_running(own_pod: JsonObject, init_container: str) -> bool:
    status = pod.container_status(own_pod, init_container, init=True) or {}
    return "running" in (status.get("state") or {})
