"""Builds Kubernetes, avalanchego and an S3 server from the Go modules beside this file, once for each version of them.

The binaries are kept outside of the source tree, in a folder named after everything that decides what
they are.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host import packages
from e2e.clusters.host.commands import run

MODULES = Path(__file__).parent / "go"
OLDEST_GO = (1, 26)
KUBERNETES_COMMANDS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
KUBERNETES_VERSION = "v1.34.4"
# Nothing is inlined, nothing told to debuggers: it compiles quicker, and no scenario is short of processor for it.
COMPILER = "all=-l -dwarf=false -c=1"
AVALANCHEGO = "github.com/ava-labs/avalanchego"


@dataclass(frozen=True)
class Build:
    """One `go build`: into a folder when several packages are built."""

    packages: tuple[str, ...]
    output: str
    cgo: bool = False
    linker: str = "-s -w"


KUBERNETES = (
    Build(
        packages=tuple(f"k8s.io/kubernetes/cmd/{name}" for name in KUBERNETES_COMMANDS),
        output="./",
        linker=f"-s -w -X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}",
    ),
)
NODE = (Build(packages=(f"{AVALANCHEGO}/main",), output="avalanchego", cgo=True),)
UPSTREAM_MONITOR = (
    Build(
        packages=(f"{AVALANCHEGO}/tests/fixture/bootstrapmonitor/cmd",),
        output="upstream-bootstrap-monitor",
        cgo=True,
    ),
)
S3_SERVER = (Build(packages=("github.com/versity/versitygw/cmd/versitygw",), output="versitygw"),)


def kubernetes() -> Path:
    """The folder with the control plane, the node's commands and kubectl."""
    return _built("kubernetes", KUBERNETES)


def avalanchego() -> Path:
    """The node's binary, for the images that the scenarios run."""
    return _built("avalanchego", NODE) / "avalanchego"


def upstream_monitor() -> Path:
    """The monitor that avalanchego's own repository holds, for comparison."""
    return _built("avalanchego", UPSTREAM_MONITOR) / "upstream-bootstrap-monitor"


def versitygw() -> Path:
    """An S3-compatible server, whose objects are files."""
    return _built("versitygw", S3_SERVER) / "versitygw"


def _built(module: str, builds: tuple[Build, ...]) -> Path:
    source = MODULES / module
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bootstrap-monitor" / "bin"
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"{module}-{_key(source, builds, _go_version())}"
    if target.is_dir():
        return target
    with _alone(cache / f".{module}.lock"):
        if target.is_dir():
            return target
        if any(build.cgo for build in builds):
            packages.ensure(packages.C_COMPILER)
        print(f"building {module}; the first time this takes minutes", file=sys.stderr)
        for abandoned in cache.glob(f".{module}-*"):
            shutil.rmtree(abandoned)
        partial = Path(tempfile.mkdtemp(prefix=f".{module}-", dir=cache))
        for build in builds:
            _go_build(source, build, partial)
        partial.chmod(0o755)
        partial.rename(target)
    return target


def _go_build(source: Path, build: Build, into: Path) -> None:
    output = f"{into}/{build.output.removeprefix('./')}"
    run(
        [
            *("go", "build", "-trimpath", "-p", str(os.cpu_count() or 1)),
            *("-gcflags", COMPILER, "-ldflags", build.linker, "-o", output, *build.packages),
        ],
        cwd=source,
        # There are as many compilers as processors, each short: they need neither threads nor garbage collection.
        env={
            "GOMAXPROCS": "1",
            "GOGC": "1600",
            "GOMEMLIMIT": "3GiB",
            "GOFLAGS": "-mod=readonly -buildvcs=false",
            "GOWORK": "off",
            "CGO_ENABLED": str(int(build.cgo)),
        },
        remedy="see what Go says; modules are downloaded at the first build, which needs a module proxy",
        seconds=3600,
    )


def _key(source: Path, builds: tuple[Build, ...], go_version: str) -> str:
    digest = hashlib.sha256(f"{builds!r} {COMPILER} {go_version}".encode())
    for name in ("go.mod", "go.sum", "tools.go"):
        digest.update((source / name).read_bytes())
    return digest.hexdigest()[:16]


def _go_version() -> str:
    needed = ".".join(str(part) for part in OLDEST_GO)
    remedy = f"install Go {needed} or newer and put its `go` on PATH"
    version = run(["go", "env", "GOVERSION"], remedy=remedy).strip()
    numbers = version.removeprefix("go").split(".")[:2]
    if [int(number) if number.isdigit() else 0 for number in numbers] < list(OLDEST_GO):
        raise ClusterError(f"Go is too old to build the cluster: {version}, {needed} is needed", remedy)
    return version


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
