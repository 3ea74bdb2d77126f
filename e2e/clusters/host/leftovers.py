"""Removes what a cluster has left on the machine, whether it ended in order or was killed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host import cgroups, components, network, processes
from e2e.clusters.host.commands import run
from e2e.clusters.host.settings import MARK, Layout

MOUNTS = Path("/proc/self/mountinfo")
# The kubelet puts links there, and no option moves them.
LOG_LINKS = Path("/var/log/containers")
KEPT = ("registry", "logs", MARK)
# Nothing but the registry's images outlives the cluster, so that nobody needs time to store anything.
GRACE_SECONDS = 2.0
# Commands that the components start; they may be without a record, or with none of their parents left.
OFFSPRING = {"containerd-shim-runc-v2", "runc", "buildah", "etcd", "docker-registry", *components.NAMES}


def remove(layout: Layout) -> None:
    # First of all: when this is cut off half way, nobody takes what is left for a cluster.
    layout.environment.unlink(missing_ok=True)
    records = processes.Records(layout.processes)
    recorded = records.all()
    processes.end(recorded.values(), GRACE_SECONDS)
    _end_offspring(layout)
    cgroups.remove()
    _unmount(layout)
    _remove_shim_sockets(layout)
    network.remove()
    for name in recorded:
        records.forget(name)
    _remove_log_links(layout)
    _empty(layout)


def kill(layout: Layout) -> None:
    """Every process, at once; the records, the mounts and the files stay."""
    processes.kill(processes.Records(layout.processes).all().values())
    _end_offspring(layout)
    cgroups.kill()


def _end_offspring(layout: Layout) -> None:
    # SIGTERM would make a shim ask containerd, which is gone.
    while offspring := _without_record(layout):
        processes.kill(offspring)


def _without_record(layout: Layout) -> list[processes.Process]:
    """Processes of the kinds that the cluster starts, whose command line names its folder."""
    return [process for process in processes.running() if _belongs(process, layout)]


def _belongs(process: processes.Process, layout: Layout) -> bool:
    ours = f"{layout.root}/"
    return Path(process.argv[0]).name in OFFSPRING and any(ours in word for word in process.argv[1:])


def _mounted(layout: Layout) -> Iterator[str]:
    for line in MOUNTS.read_text(encoding="utf-8").splitlines():
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4])
        if point.startswith(f"{layout.root}/"):
            yield point


def _unmount(layout: Layout) -> None:
    # The last mounted first; more than one may be on the same place.
    while points := list(_mounted(layout))[::-1]:
        # Lazily: the processes have ended, and a mount that is still busy is gone with the last of them.
        run(
            ["umount", "--lazy", *points],
            remedy=f"see who holds them with `fuser --mount`, end those, then run down again ({layout.root})",
        )


def _remove_shim_sockets(layout: Layout) -> None:
    """A shim that was killed leaves its socket, in a folder that all containerds share; it wrote down which."""
    for address in (layout.runtime / "containerd").glob("io.containerd.runtime.v2.task/*/*/address"):
        Path(address.read_text(encoding="utf-8").removeprefix("unix://")).unlink(missing_ok=True)


def _remove_log_links(layout: Layout) -> None:
    if LOG_LINKS.is_dir():
        for link in LOG_LINKS.iterdir():
            if link.is_symlink() and str(link.readlink()).startswith(f"{layout.root}/"):
                link.unlink()


def _empty(layout: Layout) -> None:
    if any(_mounted(layout)):
        raise ClusterError(f"mounts are left under {layout.root}", "run `scripts/cluster host down` again")
    if not layout.root.is_dir():
        return
    for entry in os.scandir(layout.root):
        if entry.name in KEPT:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()
