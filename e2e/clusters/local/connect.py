"""The cluster as the kit sees it."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import NoReturn

import httpx

from e2e.clusters.errors import ClusterError
from e2e.clusters.local.control import PATH
from e2e.clusters.local.kubelet.kubelet import ADDRESS_ANNOTATION
from e2e.clusters.local.registry import program_images
from e2e.clusters.local.state import Running, State
from e2e.kit.api import Json
from e2e.kit.cluster import Cluster

START_SECONDS = 30.0


def connect() -> Cluster:
    """The cluster that runs.

    :raises ClusterError: there is none.
    """
    state = State.of_environment()
    running = Running.load(state)
    if running is None:
        raise ClusterError(f"no cluster runs in {state.root}", "start one: `scripts/cluster local up`")
    from_pods = f"127.0.0.1:{running.registry_port}"

    def switch(component: str, method: str) -> None:
        answer = httpx.request(
            method, f"{running.control_url}{PATH}{component}", timeout=START_SECONDS, trust_env=False
        )
        answer.raise_for_status()

    return Cluster(
        kubeconfig=state.kubeconfig,
        kubectl=Path(shutil.which("kubectl") or "kubectl"),
        # A name of this machine that is not known for a loopback: whoever asks it takes TLS for granted, in vain.
        registry=f"0.0.0.0:{running.registry_port}",
        registry_from_pods=from_pods,
        own_address=lambda: "127.0.0.1",
        pod_logs=state.pod_logs,
        component_logs=state.log.parent,
        image=lambda name: program_images.push(from_pods, name),
        node_address=_node_address,
        kill=_kill,
        renew_volumes=lambda: 0,  # they go with their claims
        limit_volume=_cannot_limit,
        stop=lambda component: switch(component, "DELETE"),
        start=lambda component: switch(component, "PUT"),
        crash=_cannot_crash,
        recover=_cannot_crash,
    )


def _node_address(pod: Json) -> str:
    return str(pod["metadata"]["annotations"][ADDRESS_ANNOTATION])


def _kill(container_id: str) -> None:
    """Containers are process groups, whose first process gave the id its number."""
    os.killpg(int(container_id.partition("-")[0]), signal.SIGKILL)


def _cannot_limit(folder: Path, size_bytes: int) -> NoReturn:
    raise ClusterError(
        f"{folder} cannot be limited to {size_bytes} bytes: that takes a mount", "run the scenario on another cluster"
    )


def _cannot_crash() -> NoReturn:
    raise ClusterError("its objects are in memory, and go with it", "run the scenario on the host cluster")
