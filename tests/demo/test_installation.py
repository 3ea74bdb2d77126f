"""The manifest of the demonstration differs from the shipped one in what the screen says, and in nothing else."""

from __future__ import annotations

import re
from typing import Any

from e2e.demo.installation import CHANGES, INSECURE, OVERLAY, QUICK, ShippedTest
from e2e.kit import shipped

NAMESPACE = "demo-1"


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Each value by its path; what has a name by that, so that nothing moves when something is added."""
    if isinstance(value, dict):
        parts = {f"{path}/{key}": one for key, one in value.items()}
    elif isinstance(value, list):
        names = [one.get("name", number) if isinstance(one, dict) else number for number, one in enumerate(value)]
        parts = {f"{path}/{name}": one for name, one in zip(names, value, strict=True)}
    else:
        return {path: value}
    return {key: leaf for place, one in parts.items() for key, leaf in _leaves(one, place).items()}


def test_nothing_else_is_changed() -> None:
    ours = ShippedTest(node_image="r:5000/n:latest", monitor_image="r:5000/m@sha256:1", registry="r:5000")
    before = _leaves({one["kind"]: one for one in shipped.objects(OVERLAY)})
    after = _leaves({one["kind"]: one for one in ours.objects(NAMESPACE)})
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    allowed = [
        r"/\w+/metadata/namespace",
        r"/RoleBinding/subjects/[^/]+/namespace",
        r"/Role/rules/4/.*",
        r"/StatefulSet/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
        r"/StatefulSet/spec/template/spec/(initC|c)ontainers/\w+/(image|resources/.*)",
        rf"/StatefulSet/spec/template/spec/(initC|c)ontainers/(init|monitor)/env/{INSECURE}/(name|value)",
        rf"/StatefulSet/spec/template/spec/containers/monitor/env/({'|'.join(QUICK)})/(name|value)",
    ]
    assert [path for path in sorted(changed) if not any(re.fullmatch(one, path) for one in allowed)] == []
    assert after["/StatefulSet/spec/template/spec/containers/avago/image"] == "r:5000/n:latest"
    assert after["/StatefulSet/spec/template/spec/initContainers/init/image"] == "r:5000/m@sha256:1"
    assert {after[path] for path in after if path.endswith("/metadata/namespace")} == {NAMESPACE}


def test_what_is_said_has_the_values() -> None:
    said = "\n".join(CHANGES)
    assert [value for value in QUICK.values() if value not in said] == []
