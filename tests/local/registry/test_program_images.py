"""The images that are made without a builder: what is in them, and that it runs."""

import gzip
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from bootstrap_monitor import __version__
from e2e import registry
from e2e.clusters.local.registry.program_images import push
from e2e.clusters.local.registry.server import OCI_MANIFEST, Registry
from tests.support.programs import SECONDS


def unpacked(reference: str, folder: Path) -> Any:
    """Extracts the one layer; answers the image's config."""
    image = registry.Reference.parse(reference)
    manifest = httpx.get(image.url("manifests", image.version), headers={"Accept": OCI_MANIFEST}).json()
    [layer] = manifest["layers"]
    content = gzip.decompress(httpx.get(image.url("blobs", layer["digest"])).content)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    return httpx.get(image.url("blobs", manifest["config"]["digest"])).json()


@pytest.mark.parametrize("name", ["bootstrap-monitor", "scripted-node"])
def test_the_same_programs_are_the_same_image(served: Registry, name: str) -> None:
    first = push(served.host, name)
    assert push(served.host, name) == first == f"{served.host}/{name}@{registry.digest(f'{served.host}/{name}:dev')}"


@pytest.mark.parametrize(
    ("name", "command", "says"),
    [
        ("bootstrap-monitor", ["./bootstrap-monitor", "version"], f"bootstrap-monitor/{__version__}"),
        ("scripted-node", ["./avalanchego", "--version-json"], "avalanchego/1.14.2"),
    ],
)
def test_the_program_runs_where_the_config_says(
    served: Registry, tmp_path: Path, name: str, command: list[str], says: str
) -> None:
    config = unpacked(push(served.host, name), tmp_path / "root")["config"]
    place = tmp_path / "root" / config["WorkingDir"].lstrip("/")
    done = subprocess.run(command, cwd=place, env={}, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert says in done.stdout


def test_an_image_without_a_command_runs_the_monitor_itself(served: Registry, tmp_path: Path) -> None:
    config = unpacked(push(served.host, "bootstrap-monitor"), tmp_path / "root")["config"]
    assert config["Entrypoint"] == ["bootstrap-monitor"]
    assert (tmp_path / "root/usr/local/bin/bootstrap-monitor").read_bytes() == (
        tmp_path / "root/avalanchego/build/bootstrap-monitor"
    ).read_bytes()
    assert json.dumps(config).count("PYTHONUNBUFFERED") == 1
