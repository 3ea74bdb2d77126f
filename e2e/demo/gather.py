"""One look at the cluster, the node and the monitor's log."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from os import statvfs
from pathlib import Path

import httpx

from e2e.demo import reading
from e2e.demo.state import Disk, Node, State
from e2e.kit.api import RefusedError
from e2e.kit.manifests import INIT, SIDECAR
from e2e.kit.rig import Rig

BLOCK_BYTES = 512


def gather(rig: Rig) -> State:
    """What cannot be seen now is left out.

    :raises RefusedError: the StatefulSet cannot be read.
    """
    stateful_set = rig.stateful_set()
    pods = reading.pods(rig.api.list("Pod"), datetime.now(UTC))
    return State(
        pods=pods,
        image=reading.image(stateful_set),
        tag=reading.tag(stateful_set),
        # An address where nothing is any more answers nothing for seconds.
        node=_node(rig) if any(pod.name == rig.pod_name and pod.runs for pod in pods) else None,
        disk=_disk(rig),
        results=reading.results(stateful_set),
        log=reading.log(rig.logs(INIT, SIDECAR)),
    )


def _node(rig: Rig) -> Node | None:
    with suppress(httpx.TransportError, RefusedError, KeyError, ValueError):
        return reading.node(rig.node("/ext/health").text, rig.node("/ext/metrics").text)
    return None


def _disk(rig: Rig) -> Disk | None:
    """Where the volume is a folder of this machine."""
    with suppress(OSError, RefusedError, KeyError):
        volume = rig.volume()
        there = statvfs(volume)
        return Disk(_used(volume), there.f_bavail * there.f_frsize)
    return None


def _used(folder: Path) -> int:
    """Files come and go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_blocks * BLOCK_BYTES
    return total
