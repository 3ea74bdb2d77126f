"""What is printed to type, by how the cluster came to be."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from e2e.demo.farewell import commands
from e2e.kit.cluster import Cluster

DELETE, DOWN = "kubectl delete namespace demo-1", "scripts/cluster {} down"


@pytest.mark.parametrize(
    ("kind", "ran_before", "first", "end"),
    [
        ("local", False, "export KUBECONFIG='/a folder/kubeconfig'", [DOWN]),
        ("local", True, "export KUBECONFIG='/a folder/kubeconfig'", [DELETE]),
        ("kind", True, 'eval "$(scripts/cluster kind env)"', [DELETE, DOWN]),
    ],
    ids=["started", "ran-before", "kind"],
)
def test_commands(kind: str, ran_before: bool, first: str, end: list[str]) -> None:
    values: dict[str, Any] = {field.name: None for field in fields(Cluster)}
    cluster = Cluster(**{**values, "kubeconfig": Path("/a folder/kubeconfig"), "kubectl": Path("kubectl")})
    around, _, ending = commands(cluster, "demo-1", "test", kind, ran_before=ran_before).partition("To end it:\n")
    assert around.splitlines()[1].strip() == first
    assert [line.strip() for line in ending.splitlines()] == [line.format(kind) for line in end]
