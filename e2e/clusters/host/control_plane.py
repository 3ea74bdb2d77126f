"""etcd, the API server, the controllers and the scheduler: their files and command lines."""

from __future__ import annotations

from pathlib import Path

from e2e.clusters.host.commands import installed
from e2e.clusters.host.settings import (
    API_PORT,
    ETCD_CLIENT,
    ETCD_PEER,
    NODE_ADDRESS,
    SERVICE_NETWORK,
    Layout,
)


def files(layout: Layout) -> dict[Path, object]:
    scheduler = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {
            "kubeconfig": str(layout.kubeconfig("kube-scheduler")),
            "qps": 500,
            "burst": 1000,
        },
        "enableProfiling": False,
        # A pod that waited for a volume or for room is tried again soon.
        "podMaxBackoffSeconds": 2,
    }
    return {layout.config / "kube-scheduler.json": scheduler}


def commands(layout: Layout, binaries: Path) -> dict[str, list[str]]:
    return {
        "etcd": _etcd(layout),
        "kube-apiserver": _api_server(layout.pki, binaries),
        "kube-controller-manager": _controllers(layout, binaries),
        "kube-scheduler": [
            f"{binaries}/kube-scheduler",
            f"--config={layout.config}/kube-scheduler.json",
            "--bind-address=127.0.0.1",
        ],
    }


def _etcd(layout: Layout) -> list[str]:
    return [
        installed("etcd"),
        "--name=host",
        f"--data-dir={layout.root}/etcd",
        f"--listen-client-urls={ETCD_CLIENT}",
        f"--advertise-client-urls={ETCD_CLIENT}",
        f"--listen-peer-urls={ETCD_PEER}",
        f"--initial-advertise-peer-urls={ETCD_PEER}",
        f"--initial-cluster=host={ETCD_PEER}",
        # Every start begins with an empty database: there is nothing to keep from a crash.
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    ]


def _api_server(pki: Path, binaries: Path) -> list[str]:
    return [
        f"{binaries}/kube-apiserver",
        f"--etcd-servers={ETCD_CLIENT}",
        f"--advertise-address={NODE_ADDRESS}",
        f"--bind-address={NODE_ADDRESS}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICE_NETWORK}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        # Logs and exec: the API server calls the kubelet at the node's address.
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt",
        f"--kubelet-client-key={pki}/kubelet-client.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki}/service-accounts.key",
        f"--service-account-signing-key-file={pki}/service-accounts.key",
        # Many scenarios share one server: none should be throttled on behalf of another.
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
        "--profiling=false",
    ]


def _controllers(layout: Layout, binaries: Path) -> list[str]:
    return [
        f"{binaries}/kube-controller-manager",
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        # Each controller has a role of its own; the shared user's would not do.
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={layout.pki}/service-accounts.key",
        f"--root-ca-file={layout.pki}/ca.crt",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--pvclaimbinder-sync-period=2s",
        # On a machine that is short of CPU a late heartbeat is no lost node.
        "--node-monitor-grace-period=120s",
        f"--flex-volume-plugin-dir={layout.root}/kubelet-plugins",
        "--profiling=false",
    ]
