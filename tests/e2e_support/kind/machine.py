"""A machine with a `docker` and a `kind` that only remember."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FAKE = Path(__file__).with_name("fake-tool")
CLUSTER = "bootstrap-monitor"
NODE = f"{CLUSTER}-control-plane"
REGISTRY = f"{CLUSTER}-registry"


@dataclass(frozen=True)
class Call:
    """What was run."""

    argv: list[str]
    stdin: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Machine:
    """Runs `scripts/cluster kind …` with nothing else on PATH; tells what docker and kind were asked for."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.home = folder / "home"
        self.state = self.home / ".cache/bootstrap-monitor/kind"
        self.bin = folder / "bin"
        self.world = folder / "world"
        for made in ("containers", "clusters", "labels"):
            (self.world / made).mkdir(parents=True)
        (self.world / "calls").touch()
        (self.world / "exit-code").write_text("0")
        self.home.mkdir()
        self.bin.mkdir()
        # scripts/build-image is asked, and builds nothing.
        build = f'exec {FAKE} {self.world} build-image "$CONTAINER_TOOL" "$@"'
        self.install("python3", f'case "$1" in */build-image) {build} ;; esac; exec {sys.executable} -I -S "$@"')
        for tool in ("docker", "kind"):
            self.install(tool, f'exec {FAKE} {self.world} {tool} "$@"')

    def install(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def cluster(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Without packages: none is needed."""
        command = [sys.executable, "-I", "-S", str(ROOT / "scripts/cluster"), "kind", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "BOOTSTRAP_MONITOR_KIND_REGISTRY_PORT": str(self.port),
            "KIND_EXPERIMENTAL_PROVIDER": "podman",
            "LANG": os.environ.get("LANG", "C.UTF-8"),
        }

    # What is there

    @property
    def clusters(self) -> list[str]:
        return sorted(path.name for path in (self.world / "clusters").iterdir())

    @property
    def containers(self) -> list[str]:
        return sorted(path.name for path in (self.world / "containers").iterdir())

    def has_container(self, name: str, network: str, address: str) -> None:
        folder = self.world / "containers" / name
        (folder / "networks").mkdir(parents=True)
        (folder / "running").write_text("true")
        (folder / "networks" / network).write_text(address)

    def has_cluster(self, *nodes: str) -> None:
        """Made by somebody else."""
        (self.world / "clusters" / CLUSTER).write_text("\n".join(nodes))
        for node in nodes:
            self.has_container(node, "kind", "172.18.0.2")

    def stop_containers(self) -> None:
        for file in self.world.glob("containers/*/running"):
            file.write_text("false")

    def fails(self, command: str, code: int, said: str, *, done: bool = False) -> None:
        """A command that begins so; ``done``: and yet it has done its work."""
        told = {"begin": command, "code": str(code), "said": said, "done": "yes" if done else ""}
        (self.world / "failure").write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items()))

    def is_mended(self) -> None:
        (self.world / "failure").unlink()

    def calls(self, *begin: str) -> list[Call]:
        """Those whose words begin so, in order."""
        records = (self.world / "calls").read_text().split("\x1e")[:-1]
        fields = [record.split("\x1f")[:-1] for record in records]
        return [Call(words[:-1], words[-1]) for words in fields if words[: len(begin)] == list(begin)]

    def forget_calls(self) -> None:
        (self.world / "calls").write_text("")
