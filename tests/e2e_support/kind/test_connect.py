"""The kind cluster as the kit sees it; what it does in the node, `nsenter` is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.clusters.errors import ClusterError
from e2e.clusters.kind.connect import connect
from e2e.kit.cluster import Cluster
from e2e.variables import REGISTRY_ELSEWHERE
from tests.e2e_support.kind.machine import ROOT

MOUNTS = "tmpfs /run\nbootstrap-monitor /var/local-path-provisioner/pvc-1\ntmpfs /tmp\n"
API = "kubectl --kubeconfig=/etc/kubernetes/admin.conf get --raw=/readyz"
VOLUME = Path("/var/local-path-provisioner/pvc-1")
NSENTER = """#!/bin/sh
PATH=/usr/bin:/bin
cd "${0%/*}" || exit 99
echo "$*" >>entered
shift 3
[ ! -d "$1" ] || { answer=$(ls "$1" | head -n 1); cat "$1/$answer"; rm "$1/$answer"; }
"""


class Node:
    """Remembers the commands that entered it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "nsenter").write_text(NSENTER)
        (folder / "nsenter").chmod(0o755)

    def answers(self, program: str, *texts: str) -> None:
        """One after the other."""
        (self._folder / program).mkdir()
        for number, text in enumerate(texts):
            (self._folder / program / str(number)).write_text(text)

    @property
    def entered(self) -> list[str]:
        lines = (self._folder / "entered").read_text().splitlines()
        enter = "--target=1 --mount -- "
        assert all(line.startswith(enter) for line in lines)
        return [line.removeprefix(enter) for line in lines]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture
def cluster(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """With that node under it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(REGISTRY_ELSEWHERE, "localhost:5001=172.18.0.3:5000")
    return connect()


def test_values(cluster: Cluster) -> None:
    assert cluster.kubeconfig == Path("/proc/1/root/etc/kubernetes/admin.conf")
    assert cluster.kubectl == Path("/proc/1/root/usr/bin/kubectl")
    assert (cluster.registry, cluster.registry_from_pods) == ("localhost:5001", "172.18.0.3:5000")
    assert cluster.own_address()
    assert cluster.pod_logs == Path("/var/log/pods")
    assert cluster.component_logs == Path("/var/log/containers")


def test_paths_of_the_node_are_links_in_the_image() -> None:
    containerfile = (ROOT / "images/scenarios/Containerfile").read_text()
    assert "for path in log/pods log/containers local-path-provisioner; do ln -s" in containerfile


def test_node_of_a_pod_is_at_its_address(cluster: Cluster) -> None:
    assert cluster.node_address({"status": {"podIP": "10.244.0.7"}}) == "10.244.0.7:9650"


@pytest.mark.parametrize(
    ("act", "entered"),
    [
        (lambda cluster: cluster.kill("abc"), ["ctr --namespace=k8s.io task kill --signal=SIGKILL abc"]),
        (
            lambda cluster: cluster.limit_volume(VOLUME, 1024),
            [f"mount -t tmpfs -o size=1024,mode=0777 bootstrap-monitor {VOLUME}"],
        ),
        (lambda cluster: cluster.stop("kubelet"), ["systemctl stop kubelet"]),
        (lambda cluster: cluster.start("kubelet"), ["systemctl start kubelet", API]),
    ],
    ids=["kill", "limit_volume", "stop_kubelet", "start_kubelet"],
)
def test_commands_in_the_node(
    node: Node, cluster: Cluster, act: Callable[[Cluster], object], entered: list[str]
) -> None:
    act(cluster)
    assert node.entered == entered


def test_limited_volumes_are_unmounted(node: Node, cluster: Cluster) -> None:
    node.answers("findmnt", MOUNTS)
    assert cluster.renew_volumes() == 1
    assert node.entered[1:] == [f"umount --lazy {VOLUME}"]


def test_control_plane_ends_with_its_manifest(node: Node, cluster: Cluster) -> None:
    node.answers("crictl", "an-id\n", "")
    cluster.stop("kube-apiserver")
    moved, *looks = node.entered
    assert moved == "mv /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/kube-apiserver.yaml"
    assert looks == ["crictl ps --quiet --state=Running --name=^kube-apiserver$"] * 2


def test_control_plane_starts_with_its_manifest(node: Node, cluster: Cluster) -> None:
    node.answers("crictl", "", "an-id\n")
    cluster.start("kube-apiserver")
    moved, *looks, ready = node.entered
    assert moved == "mv /etc/kubernetes/kube-apiserver.yaml /etc/kubernetes/manifests/kube-apiserver.yaml"
    assert looks == ["crictl ps --quiet --state=Running --name=^kube-apiserver$"] * 2
    assert ready == API


def test_node_is_not_crashed_under_the_scenarios(cluster: Cluster) -> None:
    for method in (cluster.crash, cluster.recover):
        with pytest.raises(ClusterError, match="what runs beside it would end with it"):
            method()


def test_only_beside_the_node() -> None:
    with pytest.raises(ClusterError, match="scripts/e2e --cluster kind"):
        connect()
