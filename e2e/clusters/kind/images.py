"""The images of the scenarios, built and pushed by docker."""

from __future__ import annotations

import os
import re
import subprocess

from e2e.clusters.errors import ClusterError
from e2e.clusters.kind.settings import OFFICIAL_NODE, ROOT, SCENARIOS, Settings
from e2e.clusters.kind.tools import LONG_SECONDS, run, say

OURS = ("bootstrap-monitor", "scripted-node")
VERSIONS = ROOT / "e2e/clusters/host/go/avalanchego/go.mod"
REMEDY = "see that this machine can pull images and packages, then try again"


def push(settings: Settings) -> None:
    """Those that changed; docker's cache has the others."""
    for name in OURS:
        _build(f"{settings.registry}/{name}:dev", name, "--push")
    _push_node(f"{settings.registry}/avalanchego:dev")


def scenarios() -> str:
    """The one in which the scenarios run; it is not pushed."""
    tag = f"{SCENARIOS}:dev"
    _build(tag, "scenarios")
    return tag


def _build(tag: str, name: str, *options: str) -> None:
    command = [str(ROOT / "scripts/build-image"), tag, f"--image={name}", *options]
    if subprocess.run(command, env={**os.environ, "CONTAINER_TOOL": "docker"}, check=False).returncode != 0:
        raise ClusterError(f"the image {name} cannot be built and pushed", REMEDY, check="what is said above")


def _push_node(tag: str) -> None:
    """Upstream's image, of the version that the host cluster builds.

    Built anew from it, not tagged: what is pulled may be an index of several platforms, and scenarios take the first.
    """
    version = re.search(r"ava-labs/avalanchego (v\S+)", VERSIONS.read_text(encoding="utf-8"))
    assert version, VERSIONS
    # As in images/avalanchego: a machine's hard limit of file descriptors may lie under what the node asks for.
    containerfile = f"FROM {OFFICIAL_NODE}:{version[1]}\nENV AVAGO_FD_LIMIT=16384\n"
    say(f"avalanchego {version[1]}, the official image")
    run(["docker", "build", "--quiet", f"--tag={tag}", "-"], REMEDY, stdin=containerfile, seconds=LONG_SECONDS)
    run(["docker", "push", "--quiet", tag], REMEDY, seconds=LONG_SECONDS)
