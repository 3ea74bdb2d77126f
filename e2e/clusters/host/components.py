"""All components: in which order they start, with which command lines and files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from e2e.clusters.host import control_plane, node
from e2e.clusters.host.settings import Layout

# These need nothing of each other; the others wait for the API server.
FIRST = ("etcd", "containerd", "registry", "kube-apiserver")
THEN = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
NAMES = FIRST + THEN


@dataclass(frozen=True)
class Components:
    layout: Layout
    commands: dict[str, list[str]]
    files: dict[Path, str]

    @classmethod
    def of(cls, layout: Layout, binaries: Path) -> Components:
        contents = {**control_plane.files(layout), **node.files(layout)}
        return cls(
            layout,
            {**control_plane.commands(layout, binaries), **node.commands(layout, binaries)},
            {file: text if isinstance(text, str) else json.dumps(text, indent=2) for file, text in contents.items()},
        )

    def fingerprint(self) -> str:
        """Differs when a running cluster was started with other versions or settings."""
        everything = [self.commands, sorted((str(file), text) for file, text in self.files.items())]
        return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()

    def write_files(self) -> None:
        for file, text in self.files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
