"""Installs the Debian packages that the machine lacks."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.commands import path_variable, run

# Each with a command or a file that proves it: what came from elsewhere than a package is as good.
CLUSTER = {
    "conntrack": "conntrack",
    "containerd": "containerd",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "docker-registry": "docker-registry",
    "etcd-server": "etcd",
    "iproute2": "ip",
    "iptables": "iptables",
    "openssl": "openssl",
    "runc": "runc",
}
IMAGES = {
    "buildah": "buildah",
    "busybox-static": "/usr/share/doc/busybox-static",
    "catatonit": "catatonit",
    "mmdebstrap": "mmdebstrap",
    "skopeo": "skopeo",
}
C_COMPILER = {"gcc": "gcc", "libc6-dev": "/usr/include/stdlib.h"}

POLICY = Path("/usr/sbin/policy-rc.d")
FORBID_START = "#!/bin/sh\n# Of bootstrap-monitor's host cluster, for the time of an installation.\nexit 101\n"


def ensure(*groups: dict[str, str]) -> None:
    missing = sorted(package for group in groups for package, proof in group.items() if not _present(proof))
    if not missing:
        return
    remedy = f"install them by hand: {' '.join(missing)}"
    if shutil.which("apt-get", path=path_variable()) is None:
        raise ClusterError(f"this machine lacks {', '.join(missing)} and has no apt-get to install them", remedy)
    print(f"installing {' '.join(missing)}", file=sys.stderr)
    # Another apt may be at work on this machine: wait for it.
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "--quiet", "--yes"]
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run([*apt, "update"], env=env, remedy=remedy, seconds=300)
    with _services_stay_stopped():
        run([*apt, "install", "--no-install-recommends", *missing], env=env, remedy=remedy, seconds=900)


def _present(proof: str) -> bool:
    if proof.startswith("/"):
        return Path(proof).exists()
    return shutil.which(proof, path=path_variable()) is not None


@contextmanager
def _services_stay_stopped() -> Iterator[None]:
    """The packages' own services would take the ports and sockets, so that dpkg is told not to start them."""
    if POLICY.exists() and POLICY.read_text(encoding="utf-8") != FORBID_START:
        yield
        return
    POLICY.write_text(FORBID_START, encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
