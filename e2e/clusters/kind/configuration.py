"""What kind, containerd and people are told: JSON where YAML is asked for, which it is."""

from __future__ import annotations

import json

from e2e.clusters.kind.settings import CLUSTER

CERTS = "/etc/containerd/certs.d"
REGISTRY_PAGE = "https://kind.sigs.k8s.io/docs/user/local-registry/"


def cluster() -> str:
    """One node, with a kubelet that starts many pods at once.

    https://kind.sigs.k8s.io/docs/user/configuration/
    """
    kubelet = {
        "kind": "KubeletConfiguration",
        "maxPods": 250,
        # One registry that never answers must not hold up the pulls of other scenarios.
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
    }
    return json.dumps(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "name": CLUSTER,
            "nodes": [{"role": "control-plane"}],
            # The default from kind 0.27 on; without it hosts.toml files are not read.
            "containerdConfigPatches": [f'[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "{CERTS}"\n'],
            "kubeadmConfigPatches": [json.dumps(kubelet)],
        },
        indent=2,
    )


def hosts_toml(name: str, address: str) -> tuple[str, str]:
    """Folder and content, in the node: the registry of this name is there, over plain HTTP.

    https://github.com/containerd/containerd/blob/main/docs/hosts.md
    """
    host = f'server = "http://{address}"\n[host."http://{address}"]\n  capabilities = ["pull", "resolve"]\n'
    return f"{CERTS}/{name}", host


def registry_hosting(registry: str) -> str:
    """For people and tools: where to push to (KEP 1755)."""
    hosting = {"host": registry, "help": REGISTRY_PAGE}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "local-registry-hosting", "namespace": "kube-public"},
            "data": {"localRegistryHosting.v1": json.dumps(hosting)},
        }
    )
