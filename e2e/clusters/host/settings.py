"""Names, addresses and folders that the parts of the host cluster agree on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from e2e.clusters.errors import ClusterError

STATE_VARIABLE = "BOOTSTRAP_MONITOR_HOST_STATE"
DEFAULT_STATE = "/var/lib/bootstrap-monitor/host"

NODE_NAME = "host"
BRIDGE = "bootmon0"
# The bridge's own address is the node's address, and the pods' gateway.
NODE_ADDRESS = "10.244.0.1"
POD_NETWORK = "10.244.0.0/20"
POD_RANGE_START = "10.244.0.10"
POD_GATEWAY_MAC = "02:00:0a:f4:00:01"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
API_PORT = 6443
ETCD_CLIENT = "http://127.0.0.1:2379"
ETCD_PEER = "http://127.0.0.1:2380"
REGISTRY_PORT = 5001
REGISTRY = f"localhost:{REGISTRY_PORT}"
REGISTRY_FROM_POD = f"{NODE_ADDRESS}:{REGISTRY_PORT}"
PAUSE_IMAGE = f"{REGISTRY}/bootstrap-monitor/pause:1"
# A group of our own in every hierarchy: whoever else runs containers here, what is in it is this cluster's.
CGROUP = "bootstrap-monitor"
# Stands in the state folder, so that somebody else's folder is never taken for it and emptied.
MARK = ".bootstrap-monitor-host"
# One cluster on a machine: this is locked while a command works on it, and names the folder of its state.
IN_USE = Path("/run/bootstrap-monitor-host")
# Debian keeps iptables, runc and conntrack in sbin, which is not on everybody's PATH.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Layout:
    """Where the cluster keeps its state: one folder, outside of the source tree."""

    root: Path

    @classmethod
    def of_environment(cls) -> Layout:
        root = Path(os.path.realpath(os.environ.get(STATE_VARIABLE) or DEFAULT_STATE))
        if not 1 < len(str(root)) <= 60 or any(not (c.isalnum() or c in "/._-") for c in str(root)):
            raise ClusterError(
                f"{STATE_VARIABLE}={root} cannot be used: it names sockets (at most 60 characters)"
                " and stands in mount tables and configuration files (letters, digits, '.', '_', '-')",
                f"choose another folder, or unset it for {DEFAULT_STATE}",
            )
        return cls(root)

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def processes(self) -> Path:
        return self.root / "processes"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def runtime(self) -> Path:
        """What lives as long as the processes: sockets, network namespaces, mounts of containers."""
        return self.root / "run"

    @property
    def containerd_socket(self) -> Path:
        return self.runtime / "containerd.sock"

    @property
    def registry(self) -> Path:
        return self.root / "registry"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def environment(self) -> Path:
        return self.root / "environment.json"

    def kubeconfig(self, user: str) -> Path:
        return self.config / f"{user}.kubeconfig"
