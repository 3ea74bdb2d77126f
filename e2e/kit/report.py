"""What a failed scenario leaves for people: logs, descriptions, events, manifests."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from e2e.kit.cluster import Cluster
from e2e.kit.history import PodState
from e2e.kit.logs import Line
from e2e.kit.rig import Rig

ROOT = Path(__file__).resolve().parent.parent.parent / "e2e-report"
COMPONENT_LOG_BYTES = 4 << 20

QUERIES = {
    "pods.txt": ["describe", "pods"],
    "statefulsets.txt": ["describe", "statefulsets"],
    "statefulsets.yaml": ["get", "statefulsets", "--output=yaml"],
    "events.txt": ["get", "events", "--sort-by=.metadata.creationTimestamp", "--output=wide"],
    "volumes.txt": ["get", "persistentvolumeclaims", "--output=wide"],
}


def write(rig: Rig, scenario: str) -> Path:
    """The folder of the report."""
    folder = ROOT / f"{time.strftime('%Y%m%d-%H%M%S')}-{re.sub(r'[^A-Za-z0-9]+', '-', scenario).strip('-')}"
    folder.mkdir(parents=True, exist_ok=True)
    _write_logs(folder / "containers", rig.logs())
    _write_history(folder / "pod-states.jsonl", rig.history.states())
    _write_queries(folder, rig.cluster, rig.namespace)
    _write_component_logs(folder / "components", rig.cluster)
    return folder


def _write_logs(folder: Path, lines: Iterable[Line]) -> None:
    """All together in their order, and each run by itself."""
    folder.mkdir(exist_ok=True)
    runs: dict[str, list[str]] = {"all": []}
    for line in lines:
        life = f"{line.pod}-{line.uid[:8]}"
        runs["all"].append(f"{line.time} {life}/{line.container}#{line.run}: {line.text}\n")
        runs.setdefault(f"{life}-{line.container}-{line.run}", []).append(f"{line.time} {line.text}\n")
    for name, texts in runs.items():
        (folder / f"{name}.log").write_text("".join(texts), encoding="utf-8")


def _write_history(file: Path, states: Iterable[PodState]) -> None:
    file.write_text("".join(json.dumps([state.event, state.pod]) + "\n" for state in states), encoding="utf-8")


def _write_queries(folder: Path, cluster: Cluster, namespace: str) -> None:
    for name, query in QUERIES.items():
        command = [str(cluster.kubectl), f"--kubeconfig={cluster.kubeconfig}", f"--namespace={namespace}", *query]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            content = done.stdout + done.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            content = repr(error)
        (folder / name).write_text(content, encoding="utf-8")


def _write_component_logs(folder: Path, cluster: Cluster) -> None:
    folder.mkdir(exist_ok=True)
    for log in cluster.component_logs.glob("*.log"):
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - COMPONENT_LOG_BYTES))
            (folder / log.name).write_bytes(file.read())
