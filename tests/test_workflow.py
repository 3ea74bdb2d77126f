"""The hosted CI's workflow: it parses, is careful with rights, and names commands that exist."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from e2e.kit.cluster import KINDS

ROOT = Path(__file__).parents[1]
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text())
STEPS = [
    pytest.param(step, id=f"{name}-{at}")
    for name, job in WORKFLOW["jobs"].items()
    for at, step in enumerate(job["steps"])
]
COMMANDS = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]


def test_rights_and_bounds() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"]["group"]
    for job in WORKFLOW["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 90
        assert "permissions" not in job


@pytest.mark.parametrize("step", STEPS)
def test_step(step: dict[str, Any]) -> None:
    """An action is pinned to a version; a program of ours is there and may be executed."""
    assert ("uses" in step) != ("run" in step)
    if "uses" in step:
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+(\.\d+\.\d+)?", step["uses"])
    for program in re.findall(r"(?:^|\s)((?:scripts/|\.ci/)\S+)", step.get("run", "")):
        assert os.access(ROOT / program, os.X_OK), program


@pytest.mark.parametrize("kind", KINDS)
def test_each_cluster_is_run(kind: str) -> None:
    assert any(".ci/run" in command for command in COMMANDS)
    assert any(f"--cluster {kind}" in text for text in (*COMMANDS, (ROOT / ".ci/run").read_text()))


def test_all_variants_at_night() -> None:
    # YAML 1.1 takes the key `on` for a truth value.
    assert WORKFLOW[True]["schedule"]
    assert "'schedule' && '--all'" in WORKFLOW["env"]["E2E_SELECTION"]
    for kind in ("local", "kind"):
        assert f"scripts/e2e --cluster {kind} $E2E_SELECTION" in COMMANDS
