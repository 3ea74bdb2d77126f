"""What somebody who uses a running cluster has to know."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.settings import NODE_ADDRESS, REGISTRY, REGISTRY_FROM_POD, Layout

PATHS = ("kubeconfig", "kubectl", "containerd", "state")


@dataclass(frozen=True)
class Environment:
    """`registry` is for pushing from this machine and for image names; inside a pod it is the pod."""

    kubeconfig: Path
    kubectl: Path
    registry: str
    registry_from_pod: str
    node_address: str
    containerd: Path
    state: Path
    fingerprint: str

    @classmethod
    def of(cls, layout: Layout, binaries: Path, fingerprint: str) -> Self:
        return cls(
            kubeconfig=layout.kubeconfig("admin"),
            kubectl=binaries / "kubectl",
            registry=REGISTRY,
            registry_from_pod=REGISTRY_FROM_POD,
            node_address=NODE_ADDRESS,
            containerd=layout.containerd_socket,
            state=layout.root,
            fingerprint=fingerprint,
        )

    @classmethod
    def load(cls, layout: Layout | None = None) -> Self:
        file = (layout or Layout.of_environment()).environment
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            return cls(**fields | {name: Path(fields[name]) for name in PATHS})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClusterError(f"no cluster is described in {file}", "start one: `scripts/cluster host up`") from error

    def save(self, layout: Layout) -> None:
        temporary = layout.environment.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self), default=str, indent=2), encoding="utf-8")
        temporary.rename(layout.environment)

    def variables(self) -> dict[str, str]:
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "BOOTSTRAP_MONITOR_E2E_REGISTRY": self.registry,
            "BOOTSTRAP_MONITOR_E2E_REGISTRY_FROM_POD": self.registry_from_pod,
            "CONTAINERD_ADDRESS": str(self.containerd),
            "CONTAINERD_NAMESPACE": "k8s.io",
        }

    def shell(self) -> str:
        """For `eval`. CONTAINERD_* make `ctr` speak to this cluster's containerd."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in self.variables().items()]
        return "\n".join([*lines, f'export PATH={shlex.quote(str(self.kubectl.parent))}:"$PATH"'])
