"""Starts and ends the whole cluster, or one component of it."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.clusters.host import builds, cgroups, leftovers, network, packages, pki, registry, volumes
from e2e.clusters.host.api import Api
from e2e.clusters.host.components import FIRST, NAMES, THEN, Components
from e2e.clusters.host.environment import Environment
from e2e.clusters.host.errors import ClusterError
from e2e.clusters.host.processes import Records
from e2e.clusters.host.settings import IN_USE, MARK, STATE_VARIABLE, Layout

START_SECONDS = 120.0
AGAIN = "run `scripts/cluster host up` again"


def up() -> Environment:
    """A healthy cluster: the one that runs, if it has these versions and settings, or a new one."""
    with _alone() as layout:
        _end_cluster_elsewhere(layout)
        packages.ensure(packages.CLUSTER, packages.IMAGES)
        binaries = builds.kubernetes()
        components = Components.of(layout, binaries)
        if _mended(components) and _healthy(components):
            return Environment.load(layout)
        leftovers.remove(layout)
        return _start(components, Environment.of(layout, binaries, components.fingerprint()))


def down() -> None:
    """Nothing is left running, mounted or routed; the registry's images and the logs stay."""
    with _alone() as layout:
        _end_cluster_elsewhere(layout)
        leftovers.remove(layout)


def start(name: str) -> None:
    """One component that was stopped or has died; returns once it does its work."""
    with _alone() as layout:
        components = _known(layout, name)
        running = _Running(components)
        if name in running.stopped() + running.dead():
            running.start(name)
        _wait_until_ready(components)


def stop(name: str) -> None:
    """One component; the others go on without it."""
    with _alone() as layout:
        _known(layout, name)
        Records(layout.processes).stop(name)


def renew_volumes() -> int:
    with _alone() as layout:
        Environment.load(layout)
        return volumes.renew(Api(layout), layout.volumes)


class _Running:
    """The components as processes."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._layout = components.layout
        self._records = Records(components.layout.processes)

    def start(self, *names: str) -> None:
        home = {"HOME": str(self._layout.root)}
        for name in names:
            log = self._layout.logs / f"{name}.log"
            self._records.start(name, self._components.commands[name], log, home)

    def stopped(self) -> list[str]:
        """Those without a record were stopped by intent; one that has died still has its record."""
        recorded = self._records.all()
        return [name for name in NAMES if name not in recorded]

    def dead(self) -> list[str]:
        recorded = self._records.all()
        return [name for name, process in recorded.items() if not process.alive()]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            # First: where another process holds its port, the condition may be true all the same.
            for name in self.dead():
                raise ClusterError(f"{name} has ended while the cluster was waiting for {what}", self._log_end(name))
            if condition():
                return
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"{what}: not within {START_SECONDS:.0f} s",
                    f"read the logs in {self._layout.logs}; {AGAIN}",
                )
            time.sleep(0.1)

    def _log_end(self, name: str) -> str:
        log = self._layout.logs / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
        return "\n".join([f"see the end of {log}, where another process may hold its port:", *lines])


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
    running = _Running(components)
    running.start(*FIRST)
    running.wait(registry.answers, "the registry")
    registry.ensure_pause_image(layout)
    api = Api(layout)
    running.wait(api.server_ready, "the API server")
    running.start(*THEN)
    volumes.create(api, layout.volumes)
    _wait_until_ready(components)
    environment.save(layout)
    return environment


def _wait_until_ready(components: Components) -> None:
    running, api = _Running(components), Api(components.layout)
    running.wait(registry.answers, "the registry")
    running.wait(api.server_ready, "the API server")
    running.wait(api.node_ready, "the node to be ready")
    running.wait(api.pods_can_start, "the default service account")


def _mended(components: Components) -> bool:
    """A cluster of which components were stopped, by a test that was broken off, is complete again."""
    running = _Running(components)
    if not components.layout.environment.exists() or running.dead():
        return False
    if stopped := running.stopped():
        try:
            running.start(*stopped)
            _wait_until_ready(components)
        except ClusterError:
            return False
    return True


def _healthy(components: Components) -> bool:
    try:
        same = Environment.load(components.layout).fingerprint == components.fingerprint()
        api = Api(components.layout)
    except (ClusterError, OSError):
        return False
    return (
        same
        and not _Running(components).dead()
        and network.exists()
        and registry.answers()
        and api.server_ready()
        and api.node_ready()
    )


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
