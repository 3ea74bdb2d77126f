"""The cluster as the kit sees it."""

from __future__ import annotations

import subprocess

from e2e.clusters.host import cluster
from e2e.clusters.host.environment import Environment
from e2e.clusters.host.settings import NODE_ADDRESS
from e2e.images import ensure_images
from e2e.kit.cluster import Cluster, node_at_pod_ip


def connect() -> Cluster:
    """The cluster that runs. Raises :class:`ClusterError` when there is none."""
    found = Environment.load()

    def kill(container_id: str) -> None:
        command = ["ctr", f"--address={found.containerd}", "--namespace=k8s.io", "task", "kill", "--signal=SIGKILL"]
        subprocess.run([*command, container_id], check=True, capture_output=True)

    return Cluster(
        kubeconfig=found.kubeconfig,
        kubectl=found.kubectl,
        registry=found.registry,
        registry_from_pods=found.registry_from_pod,
        own_address=lambda: NODE_ADDRESS,
        pod_logs=found.state / "pod-logs",
        component_logs=found.state / "logs",
        image=lambda name: ensure_images(found.registry, [name])[name],
        node_address=node_at_pod_ip,
        kill=kill,
        renew_volumes=cluster.renew_volumes,
        limit_volume=cluster.limit_volume,
        stop=cluster.stop,
        start=cluster.start,
        crash=cluster.crash,
        recover=cluster.recover,
    )
