"""The cluster under the scenarios: where it is, and what of it can be read on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KINDS = ("host",)


@dataclass(frozen=True)
class Cluster:
    """One of `scripts/cluster`'s."""

    kubeconfig: Path
    kubectl: Path
    registry: str
    """For pushing, and in the names of images; in a pod, this name is the pod."""
    registry_from_pods: str
    """The same by a name that is it everywhere; without TLS."""
    pod_logs: Path
    """The kubelet's folder: NAMESPACE_POD_UID/CONTAINER/RUN.log."""
    component_logs: Path
    kill: Callable[[str], None]
    """SIGKILL to the first process of a container, by its id at the runtime."""
    renew_volumes: Callable[[], int]
    """Empty the volumes whose claims are gone."""
    limit_volume: Callable[[Path, int], None]
    """The volume in this folder gets so many bytes of room, and is empty."""
    stop: Callable[[str], None]
    """One component, in order; the others go on without it."""
    start: Callable[[str], None]
    """One component that was stopped; comes back once it does its work."""
    crash: Callable[[], None]
    """SIGKILL to every component and every container."""
    recover: Callable[[], None]
    """Start all that has died, on what it left; comes back once it does its work."""

    @contextmanager
    def without(self, component: str) -> Iterator[None]:
        """It is stopped, and started again at the end."""
        self.stop(component)
        try:
            yield
        finally:
            self.start(component)


def connect(kind: str) -> Cluster:
    """The running cluster of that kind."""
    if kind != "host":
        raise ValueError(f"there is no cluster {kind!r}; known are {', '.join(KINDS)}")
    from e2e.clusters.host import cluster  # noqa: PLC0415 - one of several kinds of clusters
    from e2e.clusters.host.environment import Environment  # noqa: PLC0415

    found = Environment.load()

    def kill(container_id: str) -> None:
        command = ["ctr", f"--address={found.containerd}", "--namespace=k8s.io", "task", "kill", "--signal=SIGKILL"]
        subprocess.run([*command, container_id], check=True, capture_output=True)

    return Cluster(
        kubeconfig=found.kubeconfig,
        kubectl=found.kubectl,
        registry=found.registry,
        registry_from_pods=found.registry_from_pod,
        pod_logs=found.state / "pod-logs",
        component_logs=found.state / "logs",
        kill=kill,
        renew_volumes=cluster.renew_volumes,
        limit_volume=cluster.limit_volume,
        stop=cluster.stop,
        start=cluster.start,
        crash=cluster.crash,
        recover=cluster.recover,
    )
