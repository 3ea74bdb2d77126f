"""The cluster as the kit sees it, from a container that is joined to the node."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from e2e import registry, variables
from e2e.clusters.errors import ClusterError
from e2e.clusters.kind.settings import NODE_KUBECONFIG, READY_SECONDS
from e2e.kit.cluster import Cluster, node_at_pod_ip

# Process 1 is the node's, and so its root folder is at hand; images/scenarios has links into it.
NODE_ROOT = Path("/proc/1/root")
POD_LOGS = Path("/var/log/pods")
COMPONENT_LOGS = Path("/var/log/containers")
"""Of all containers; those of the control plane are among them."""
MANIFESTS = "/etc/kubernetes/manifests"
AWAY = "/etc/kubernetes"
POLL_SECONDS = 0.5


def connect() -> Cluster:
    """Raises :class:`ClusterError` anywhere else than beside the node."""
    name, _, address = os.environ.get(variables.REGISTRY_ELSEWHERE, "").partition("=")
    if not address:
        raise ClusterError(
            "the kind cluster is used from beside its node only",
            "`scripts/e2e --cluster kind`, or `scripts/cluster kind run COMMAND…`",
            check="is this a shell of your own?",
        )
    return Cluster(
        kubeconfig=NODE_ROOT / NODE_KUBECONFIG.removeprefix("/"),
        kubectl=NODE_ROOT / "usr/bin/kubectl",
        registry=name,
        registry_from_pods=address,
        own_address=lambda: _address_towards(address),
        pod_logs=POD_LOGS,
        component_logs=COMPONENT_LOGS,
        image=lambda image: _pushed(name, image),
        node_address=node_at_pod_ip,
        kill=kill,
        renew_volumes=renew_volumes,
        limit_volume=limit_volume,
        stop=stop,
        start=start,
        crash=_cannot,
        recover=_cannot,
    )


def _address_towards(server: str) -> str:
    """The node's, whose network this container has, on the network of HOST:PORT. Nothing is sent."""
    host, _, port = server.partition(":")
    with socket.socket(type=socket.SOCK_DGRAM) as towards:
        towards.connect((host, int(port)))
        return str(towards.getsockname()[0])


def _pushed(host: str, name: str) -> str:
    """From here nothing can be built."""
    digest = registry.digest(f"{host}/{name}:dev")
    if digest is None:
        raise ClusterError(
            f"the image {name} is not in the registry {host}",
            "run what needs it on the host cluster",
            check="is it one of those that e2e/clusters/kind/images.py pushes?",
        )
    return f"{host}/{name}@{digest}"


def kill(container_id: str) -> None:
    _in_node("ctr", "--namespace=k8s.io", "task", "kill", "--signal=SIGKILL", container_id)


def limit_volume(folder: Path, size_bytes: int) -> None:
    """A filesystem in memory."""
    _in_node("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0777", "bootstrap-monitor", str(folder))


def renew_volumes() -> int:
    """The provisioner removes them itself, once nothing is mounted there."""
    mounts = _in_node("findmnt", "--noheadings", "--list", "--types=tmpfs", "--output=SOURCE,TARGET").splitlines()
    limited = [target for source, target in map(str.split, mounts) if source == "bootstrap-monitor"]
    for folder in limited:
        _in_node("umount", "--lazy", folder)
    return len(limited)


def stop(component: str) -> None:
    """The kubelet, or a part of the control plane: that ends when its manifest is gone."""
    if component == "kubelet":
        _in_node("systemctl", "stop", "kubelet")
        return
    _in_node("mv", f"{MANIFESTS}/{component}.yaml", f"{AWAY}/{component}.yaml")
    _wait(lambda: not _runs(component), f"{component} to end")


def start(component: str) -> None:
    if component == "kubelet":
        _in_node("systemctl", "start", "kubelet")
    else:
        _in_node("mv", f"{AWAY}/{component}.yaml", f"{MANIFESTS}/{component}.yaml")
        _wait(lambda: _runs(component), f"{component} to start")
    _wait(_ready, "the API server to be ready")


def _cannot() -> NoReturn:
    raise ClusterError(
        "the node cannot be crashed: what runs beside it would end with it",
        "run it on the host cluster",
        check="is the scenario marked `not_on` kind?",
    )


def _runs(component: str) -> bool:
    return bool(_in_node("crictl", "ps", "--quiet", "--state=Running", f"--name=^{component}$").strip())


def _ready() -> bool:
    command = ["kubectl", f"--kubeconfig={NODE_KUBECONFIG}", "get", "--raw=/readyz"]
    return _entered(command).returncode == 0


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() >= deadline:
            raise ClusterError(
                f"waited for {what}, in vain for {READY_SECONDS} s",
                "`scripts/cluster kind down`, then begin anew",
                check="the reports in e2e-report/",
            )
        time.sleep(POLL_SECONDS)


def _in_node(*command: str) -> str:
    done = _entered(list(command))
    if done.returncode != 0:
        raise ClusterError(
            f"`{' '.join(command)}` failed in the node: {done.stderr.strip()}",
            "`scripts/cluster kind down`, then begin anew",
            check="its words",
        )
    return done.stdout


def _entered(command: list[str]) -> subprocess.CompletedProcess[str]:
    entered = ["nsenter", "--target=1", "--mount", "--", *command]
    return subprocess.run(entered, capture_output=True, text=True, check=False)
