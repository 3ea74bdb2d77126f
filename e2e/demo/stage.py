"""The cluster and the namespace of the demonstration: made, and gone without a trace."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import httpx

from e2e.clusters.errors import ClusterError
from e2e.demo.installation import ShippedTest
from e2e.kit import observe, teardown
from e2e.kit.api import Api, Json, RefusedError
from e2e.kit.cluster import Cluster, connect
from e2e.kit.node_image import NodeImage
from e2e.kit.rig import Rig

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/cluster"
END_SECONDS = 30.0


class StageError(Exception):
    """The cluster could not be started or ended; it has said why."""


class Stage:
    """What was made, to be undone in reverse."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.ran_before = False
        self._undo = ExitStack()

    def cluster(self) -> Cluster:
        """The one that runs, or one that is started.

        :raises StageError: it does not start.
        """
        running = _running(self.kind)
        self.ran_before = running is not None
        if running is None:
            self._undo.callback(_script, self.kind, "down")
            _script(self.kind, "up")
        return running or connect(self.kind)

    def rig(self, cluster: Cluster) -> Rig:
        """A namespace, with images of its own."""
        images = {name: cluster.image(name) for name in ("scripted-node", "bootstrap-monitor")}
        namespace = f"demo-{secrets.token_hex(2)}"
        with closing(Api(cluster.kubeconfig)) as api:
            api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        if self.ran_before:
            self._undo.callback(_remove, cluster, namespace)
        repository = f"{cluster.registry_from_pods}/{namespace}/avalanchego"
        rig = Rig(cluster, namespace, NodeImage(images["scripted-node"], repository), images["bootstrap-monitor"])
        self._undo.callback(rig.close)
        return rig

    def keep(self) -> None:
        """Nothing is undone."""
        self._undo.pop_all()

    def clear(self) -> None:
        """Undo all of it."""
        self._undo.close()


class Hands:
    """What people do in the story."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def push(self, script: Json) -> str:
        self._rig.node_image.push(script)
        return self._rig.node_image.pinned

    def apply(self) -> None:
        rig = self._rig
        images = {"node_image": rig.node_image.floating, "monitor_image": rig.monitor_image}
        rig.deploy(ShippedTest(**images, registry=rig.cluster.registry_from_pods))

    def delete_pod(self) -> None:
        self._rig.delete_pod()


def _running(kind: str) -> Cluster | None:
    try:
        cluster = connect(kind)
        with closing(Api(cluster.kubeconfig)) as api:
            api.list("Namespace")
    except (ClusterError, OSError, ValueError, httpx.TransportError, RefusedError):
        return None
    return cluster


def _script(kind: str, command: str) -> None:
    """In a session of its own: Ctrl-C comes to it once, and from here."""
    process = subprocess.Popen([sys.executable, SCRIPT, kind, command], start_new_session=True, stdout=sys.stderr)
    try:
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
    if code:
        raise StageError(f"`scripts/cluster {kind} {command}` ended with {code}")


def _remove(cluster: Cluster, namespace: str) -> None:
    """The cluster goes on, and gets its volumes back."""
    teardown.remove(cluster, namespace)
    with closing(Api(cluster.kubeconfig)) as api:
        observe.wait_for(lambda: api.find("Namespace", namespace) is None, f"the namespace {namespace} gone")
    cluster.renew_volumes()
