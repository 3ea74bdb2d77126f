"""The manifests that are shipped, and how people make them their own: by a kustomization over a rendered file."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from e2e.kit.api import Json

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
NAMESPACE = "bootstrap-monitor"
NODE_IMAGE = "avaplatform/avalanchego"
MONITOR_IMAGE = "registry.example.com/bootstrap-monitor"
ARCHIVES = sorted(path.name for path in (MANIFESTS / "overlays").glob("initial-db-*"))
"""Each a claim and the Job that restores a database into it, for tests to copy."""
OVERLAYS = sorted({path.name for path in (MANIFESTS / "overlays").iterdir()} - set(ARCHIVES))
"""Each a test."""
# Ten times as fast, where libyaml is.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def objects(overlay: str) -> list[Json]:
    """In the order in which they are made."""
    return parse(_rendered(overlay).read_text(encoding="utf-8"))


def kustomized(kubectl: Path, overlay: str, changes: Json, components: Sequence[str] = ()) -> list[Json]:
    """The rendered overlay with ``changes``, the rest of a kustomization, and with components of ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(_rendered(overlay), folder / "overlay.yaml")
        for component in components:
            shutil.copytree(MANIFESTS / "components" / component, folder / component)
        kustomization = {"resources": ["overlay.yaml"], "components": list(components), **changes}
        (folder / "kustomization.yaml").write_text(json.dumps(kustomization), encoding="utf-8")
        return build(kubectl, folder)


def build(kubectl: Path, folder: Path) -> list[Json]:
    """The objects of a kustomization."""
    built = subprocess.run([str(kubectl), "kustomize", str(folder)], check=True, stdout=subprocess.PIPE, text=True)
    return parse(built.stdout)


def dump(patch: Json | list[Json]) -> str:
    """For a patch in a kustomization: JSON is YAML."""
    return json.dumps(patch)


def parse(text: str) -> list[Json]:
    """The objects of a file."""
    return list(yaml.load_all(text, _LOADER))


def only(kind: str, among: Iterable[Json]) -> Json:
    """The one object of that kind."""
    [found] = [one for one in among if one["kind"] == kind]
    return found


def container(pod_spec: Json, name: str) -> Json:
    """Of the pod's containers or init containers."""
    [found] = [one for one in (*pod_spec["initContainers"], *pod_spec["containers"]) if one["name"] == name]
    return dict(found)


def _rendered(overlay: str) -> Path:
    return MANIFESTS / "rendered" / f"{overlay}.yaml"
