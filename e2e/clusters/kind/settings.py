"""Names, places and versions that the parts of the kind cluster agree on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

CLUSTER = "bootstrap-monitor"
NODE = f"{CLUSTER}-control-plane"
REGISTRY = f"{CLUSTER}-registry"
SCENARIOS = f"{CLUSTER}-scenarios"
"""The container in which the scenarios run, and its image."""
NETWORK = "kind"
REGISTRY_IMAGE = "docker.io/library/registry:3"
OFFICIAL_NODE = "docker.io/avaplatform/avalanchego"
REGISTRY_PORT = 5000
"""In its container; outside it is that of the settings."""
NODE_KUBECONFIG = "/etc/kubernetes/admin.conf"
READY_SECONDS = 180


@dataclass(frozen=True)
class Settings:
    """What differs from one user to the next."""

    state: Path
    """Our folder: the kubeconfig, and what was made."""
    port: int

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        state = environ.get("BOOTSTRAP_MONITOR_KIND_STATE") or cache / "bootstrap-monitor/kind"
        return cls(Path(state).absolute(), int(environ.get("BOOTSTRAP_MONITOR_KIND_REGISTRY_PORT") or 5001))

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def registry(self) -> str:
        """By this name images are pushed from here and pulled by the node; in a pod, it is the pod."""
        return f"localhost:{self.port}"
