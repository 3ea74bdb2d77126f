"""The real program on a rig with a real API server."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import programs
from tests.support.kube_api import kubeconfig
from tests.support.manifests import NAMESPACE, NODE, POD, details
from tests.support.programs import PROGRAM, Program
from tests.support.rig import Rig

Ended = subprocess.CompletedProcess[str]


@dataclass
class Served:
    rig: Rig
    folder: Path
    url: str

    def pinned(self, image: str) -> None:
        """The pod is made of this image, and has its test on the volume."""
        self.rig.cluster.set_image(image)
        self.rig.cluster.delete_pod(POD)
        self.rig.cluster.settle()
        self.rig.cluster.deletions.clear()
        self.rig.write_details(details(image))

    def variables(self) -> dict[str, str]:
        return {
            "KUBECONFIG": str(kubeconfig(self.folder, self.url)),
            "POD_NAMESPACE": NAMESPACE,
            "POD_NAME": POD,
            "BOOTSTRAP_MONITOR_NODE_CONTAINER_NAME": NODE,
            "BOOTSTRAP_MONITOR_DATA_DIR": str(self.rig.volume),
            "BOOTSTRAP_MONITOR_LOG_FORMAT": "json",
            "BOOTSTRAP_MONITOR_REGISTRY_CHECK": "false",  # the rig's registry is no host
        }

    def start(self, *words: str, python: tuple[str, ...] = PROGRAM, **more: str) -> AbstractContextManager[Program]:
        variables: dict[str, Any] = {**self.variables(), **more}
        return programs.started(*words, python=python, **variables)

    def run(self, *words: str, python: tuple[str, ...] = PROGRAM, **more: str) -> Ended:
        variables: dict[str, Any] = {**self.variables(), **more}
        return programs.run(*words, python=python, **variables)
