"""Starts and ends the whole cluster, or one component of it."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host import builds, cgroups, leftovers, network, packages, pki, registry, volumes
from e2e.clusters.host.api import Api, RefusedError
from e2e.clusters.host.components import FIRST, NAMES, THEN, Components
from e2e.clusters.host.environment import Environment
from e2e.clusters.host.running import Running
from e2e.clusters.host.settings import IN_USE, MARK, STATE_VARIABLE, Layout

MEND_SECONDS = 20.0


def up() -> Environment:
    """A healthy cluster: the one that runs, if it has these versions and settings, or a new one."""
    with _alone() as layout:
        _end_cluster_elsewhere(layout)
        install()
        binaries = builds.kubernetes()
        components = Components.of(layout, binaries)
        if _mended(components):
            return Environment.load(layout)
        leftovers.remove(layout)
        return _start(components, Environment.of(layout, binaries, components.fingerprint()))


def install() -> None:
    """The Debian packages that this machine lacks."""
    packages.ensure(packages.CLUSTER, packages.IMAGES)


def down() -> None:
    """Nothing is left running, mounted or routed; the registry's images and the logs stay."""
    with _alone() as layout:
        _end_cluster_elsewhere(layout)
        leftovers.remove(layout)


def start(name: str) -> None:
    """One component that was stopped or has died; returns once it does its work."""
    with _alone() as layout:
        running = Running(_known(layout, name))
        if name in running.stopped():
            running.start(name)
        # What ended for want of this one comes back with it.
        running.start(*running.dead())
        running.wait_for(name)


def stop(name: str) -> None:
    """One component; the others go on without it."""
    with _alone() as layout:
        Running(_known(layout, name)).stop(name)


def crash() -> None:
    """SIGKILL to every component and every container, as a loss of power ends them; what they wrote stays."""
    with _alone() as layout:
        Environment.load(layout)
        leftovers.kill(layout)


def recover() -> None:
    """Start whatever has died, on what it left; returns once all do their work."""
    with _alone() as layout:
        environment = Environment.load(layout)
        running = Running(Components.of(layout, environment.kubectl.parent))
        dead = running.dead()
        for names in (FIRST, THEN):
            running.start(*(name for name in names if name in dead))
            running.wait_for(*names)
        running.wait_for_node()


def renew_volumes() -> int:
    """How many volumes, whose claims are gone, are free again."""
    with _alone() as layout:
        Environment.load(layout)
        try:
            return volumes.renew(Api(layout), layout.volumes)
        except (OSError, RefusedError) as error:
            raise ClusterError(f"the API server does not do what is asked: {error}", volumes.REMEDY) from error


def limit_volume(folder: Path, size_bytes: int) -> None:
    """The volume in that folder of this machine is empty, and has just so much room, until it is made anew."""
    with _alone() as layout:
        if folder.parent != layout.volumes:
            raise ClusterError(f"{folder} is none of this cluster's volumes", f"name a folder of {layout.volumes}")
        volumes.limit(folder, size_bytes)


def _start(components: Components, environment: Environment) -> Environment:
    layout = components.layout
    layout.logs.mkdir(parents=True, exist_ok=True)
    for log in layout.logs.iterdir():
        log.unlink()
    for folder in (layout.config, layout.registry, layout.runtime):
        folder.mkdir(parents=True, exist_ok=True)
    pki.create(layout)
    components.write_files()
    cgroups.create()
    network.create()
    running = Running(components)
    running.start(*FIRST)
    running.wait_for("registry")
    registry.ensure_pause_image(layout)
    running.wait_for(*FIRST)
    running.start(*THEN)
    volumes.create(Api(layout), layout.volumes)
    running.wait_for(*NAMES)
    running.wait_for_node()
    environment.save(layout)
    return environment


def _mended(components: Components) -> bool:
    """Whether the cluster that was started does its work, with those components again that a test has stopped.

    Clients of the API server may have ended with it; one that has died is started again, as any supervisor does.
    """
    running = Running(components)
    if not _same(components) or not network.exists() or set(running.dead()) & set(FIRST):
        return False
    running.start(*running.stopped(), *running.dead())
    try:
        # On a busy machine an answer may be late: that alone is no reason to lose the cluster.
        running.wait_for(*NAMES, seconds=MEND_SECONDS)
        running.wait_for_node(MEND_SECONDS)
    except (ClusterError, OSError):
        return False
    return True


def _same(components: Components) -> bool:
    try:
        return Environment.load(components.layout).fingerprint == components.fingerprint()
    except ClusterError:
        return False


def _known(layout: Layout, name: str) -> Components:
    if name not in NAMES:
        raise ClusterError(f"there is no component {name!r}", f"name one of {', '.join(NAMES)}")
    environment = Environment.load(layout)
    return Components.of(layout, environment.kubectl.parent)


@contextmanager
def _alone() -> Iterator[Layout]:
    """One command at a time works on the cluster; others wait for it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise ClusterError(
            "the host cluster makes bridges, mounts and control groups: that takes Linux and root",
            "run as root on Linux, or use another cluster",
        )
    layout = Layout.of_environment()
    with IN_USE.open("a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _claim(layout)
        yield layout


def _claim(layout: Layout) -> None:
    layout.root.mkdir(mode=0o755, parents=True, exist_ok=True)
    mark = layout.root / MARK
    if not mark.exists():
        if any(layout.root.iterdir()):
            raise ClusterError(
                f"{layout.root} holds something else: the cluster's state needs a folder of its own",
                f"set {STATE_VARIABLE} to a folder that is empty or does not exist",
            )
        mark.touch()


def _end_cluster_elsewhere(layout: Layout) -> None:
    """Addresses and ports are fixed, so that a cluster whose state is in another folder has to go."""
    root = IN_USE.read_text(encoding="utf-8")
    if root and root != str(layout.root) and Path(root, MARK).exists():
        leftovers.remove(Layout(Path(root)))
    IN_USE.write_text(str(layout.root), encoding="utf-8")
