"""The registry, containerd, the kubelet and kube-proxy: their files and command lines."""

from __future__ import annotations

from pathlib import Path

from e2e.clusters.host import network
from e2e.clusters.host.commands import installed
from e2e.clusters.host.settings import (
    CGROUP,
    NODE_ADDRESS,
    NODE_NAME,
    PAUSE_IMAGE,
    POD_NETWORK,
    REGISTRY,
    REGISTRY_FROM_POD,
    REGISTRY_PORT,
    Layout,
)

NOTHING_TO_SPARE = {"memory.available": "16Mi"} | {
    f"{filesystem}.{measure}": least
    for filesystem in ("nodefs", "imagefs")
    for measure, least in (("available", "1Mi"), ("inodesFree", "1"))
}


def files(layout: Layout) -> dict[Path, object]:
    """What is text is written as it is, everything else as JSON."""
    found: dict[Path, object] = {
        layout.config / "registry.json": _registry(layout),
        layout.config / "containerd.toml": _containerd(layout),
        layout.config / "cni" / "10-bridge.conflist": network.plugin_configuration(layout.root / "leases"),
        layout.config / "kubelet.json": _kubelet(layout),
        layout.config / "kube-proxy.json": _proxy(layout),
    }
    for name in (REGISTRY, REGISTRY_FROM_POD):
        host = f'server = "http://{name}"\n[host."http://{name}"]\n  capabilities = ["pull", "resolve"]\n'
        found[layout.config / "registries" / name / "hosts.toml"] = host
    return found


def commands(layout: Layout, binaries: Path) -> dict[str, list[str]]:
    return {
        "registry": [installed("docker-registry"), "serve", f"{layout.config}/registry.json"],
        "containerd": [installed("containerd"), f"--config={layout.config}/containerd.toml"],
        "kubelet": [
            f"{binaries}/kubelet",
            f"--config={layout.config}/kubelet.json",
            f"--kubeconfig={layout.kubeconfig('kubelet')}",
            f"--root-dir={layout.root}/kubelet",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={NODE_ADDRESS}",
        ],
        "kube-proxy": [
            f"{binaries}/kube-proxy",
            f"--config={layout.config}/kube-proxy.json",
            f"--hostname-override={NODE_NAME}",
        ],
    }


def _registry(layout: Layout) -> object:
    return {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {
            "filesystem": {"rootdirectory": str(layout.registry)},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f":{REGISTRY_PORT}"},
    }


def _containerd(layout: Layout) -> str:
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{layout.root}/containerd"
state = "{layout.runtime}/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.internal.v1.restart"]
[grpc]
  address = "{layout.containerd_socket}"
[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  # Below its parent's score a container's cannot be set without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  # Unlike /run/netns, nobody else makes namespaces there: all can be removed.
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 8
  [{cri}.cni]
    bin_dir = "{network.PLUGINS}"
    conf_dir = "{layout.config}/cni"
  [{cri}.registry]
    config_path = "{layout.config}/registries"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{cri}.containerd.runtimes.runc.options]
      Root = "{layout.runtime}/runc"
      SystemdCgroup = false
"""


def _kubelet(layout: Layout) -> object:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{layout.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{layout.pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{layout.pki}/kubelet-server.key",
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "podLogsDir": f"{layout.root}/pod-logs",
        "volumePluginDir": f"{layout.root}/kubelet-plugins",
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        # One registry that never answers must not hold up the pulls of other scenarios.
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        "syncFrequency": "10s",
        "nodeStatusReportFrequency": "1m",
        # The machine's disk may be nearly full of other things: no eviction, no removal of images for that.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": NOTHING_TO_SPARE,
    }


def _proxy(layout: Layout) -> object:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(layout.kubeconfig("kube-proxy"))},
        "mode": "iptables",
        "clusterCIDR": POD_NETWORK,
        "bindAddress": NODE_ADDRESS,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # The kernel's limits of connection tracking stay as they are.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "100ms"},
        "oomScoreAdj": 0,
    }
