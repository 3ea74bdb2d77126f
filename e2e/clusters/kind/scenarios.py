"""Runs a command beside the node: in its network, with its processes, and so with its files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from e2e import variables
from e2e.clusters.errors import ClusterError
from e2e.clusters.kind import images, registry
from e2e.clusters.kind.settings import NODE, ROOT, SCENARIOS, Settings
from e2e.clusters.kind.tools import ask, need, run

REPORTS = ROOT / "e2e-report"


def run_beside_node(settings: Settings, command: Sequence[str]) -> int:
    """Its exit code. The checkout is there by the same path, read-only; reports come back to it."""
    need()
    if ask(["docker", "container", "inspect", "--format", "{{.State.Running}}", NODE]) != "true":
        raise ClusterError("the cluster is not up", "`scripts/cluster kind up`", check="`docker ps --all`")
    if ask(["docker", "container", "inspect", "--format", "{{.Id}}", SCENARIOS]) is not None:
        raise ClusterError(
            "scenarios run on this cluster already",
            f"wait, or `docker rm --force {SCENARIOS}`",
            check=f"`docker logs {SCENARIOS}`",
        )
    elsewhere = f"{settings.registry}={registry.join_network()}"
    images.push(settings)
    image = images.scenarios()
    REPORTS.mkdir(exist_ok=True)
    try:
        return _attached([*_docker_run(elsewhere), image, *command])
    finally:
        # In the container root has made them; the folder itself is the user's.
        mine = ["chown", "--recursive", f"--reference={REPORTS}", str(REPORTS)]
        options = ["--rm", "--security-opt=label=disable", f"--volume={REPORTS}:{REPORTS}"]
        run(["docker", "run", *options, image, *mine], "see who owns e2e-report/")


def _docker_run(elsewhere: str) -> list[str]:
    told = {
        variables.REGISTRY_ELSEWHERE: elsewhere,
        "PYTEST_ADDOPTS": f"-p no:cacheprovider {os.environ.get('PYTEST_ADDOPTS', '')}".strip(),
        "TERM": os.environ.get("TERM", "dumb"),
    }
    return [
        "docker",
        "run",
        "--rm",
        f"--name={SCENARIOS}",
        *(["--tty"] if sys.stdout.isatty() else []),
        # The node is privileged, too: whoever enters its namespaces has to be.
        "--privileged",
        "--userns=host",
        f"--network=container:{NODE}",
        f"--pid=container:{NODE}",
        f"--volume={ROOT}:{ROOT}:ro",
        f"--volume={REPORTS}:{REPORTS}",
        f"--workdir={ROOT}",
        *(f"--env={name}={value}" for name, value in told.items()),
    ]


def _attached(command: list[str]) -> int:
    """Ctrl-C is docker's, which hands it on: this process waits for the end that the command makes."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
