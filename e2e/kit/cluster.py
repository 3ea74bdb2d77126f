"""The cluster under the scenarios: where it is, and what of it can be read on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from e2e.kit.api import Json
from e2e.kit.manifests import HTTP_PORT

KINDS = ("local", "host", "kind")


@dataclass(frozen=True)
class Cluster:
    """One of `scripts/cluster`'s."""

    kubeconfig: Path
    kubectl: Path
    registry: str
    """For pushing, and in the names of images; in a pod, this name is the pod."""
    registry_from_pods: str
    """The same by a name that is it everywhere; without TLS."""
    own_address: Callable[[], str]
    """Where the scenarios' own servers listen: an address of this machine that pods reach."""
    pod_logs: Path
    """The kubelet's folder: NAMESPACE_POD_UID/CONTAINER/RUN.log."""
    component_logs: Path
    image: Callable[[str], str]
    """The reference, by digest, of an image of images/; pushed, if it was not."""
    node_address: Callable[[Json], str]
    """HOST:PORT of the node in that pod. Raises KeyError while it has none."""
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
    if kind not in KINDS:
        raise ValueError(f"there is no cluster {kind!r}; known are {', '.join(KINDS)}")
    found: Cluster = import_module(f"e2e.clusters.{kind}.connect").connect()
    return found


def node_at_pod_ip(pod: Json) -> str:
    """Where pods have a network: at the node's usual port."""
    return f"{pod['status']['podIP']}:{HTTP_PORT}"
