"""The kubelet of the one node, and its scheduler: takes pods, runs them, and lets go of those that are gone."""

from __future__ import annotations

import logging
import random
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.kubelet import leftovers, node, scheduling, status
from e2e.clusters.local.kubelet.images import Images
from e2e.clusters.local.kubelet.leftovers import Records
from e2e.clusters.local.kubelet.logs import Logs
from e2e.clusters.local.kubelet.node import Node
from e2e.clusters.local.kubelet.pods import PodWorker
from e2e.clusters.local.kubelet.readiness import NODE_PORT, Address
from e2e.clusters.local.settings import Delays

LOG = logging.getLogger(__name__)
ADDRESS_ANNOTATION = "bootstrap-monitor.local/node"
"""Of a pod: `host:port` of what stands for the node's port."""
RESYNC_SECONDS = 5.0
RETRY_SECONDS = 1.0
STOP_SECONDS = 2.0


class Kubelet:
    """Runs from ``start`` to ``stop``; what it keeps is in ``folder``."""

    def __init__(
        self, api: Api, logs: Logs, folder: Path, kubeconfig: Path, delays: Delays, now: Callable[[], datetime]
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        images, records = Images(folder / "images"), Records(folder)
        self._node = Node(api, logs, images, records, folder, kubeconfig, delays, now)
        self._workers: dict[str, PodWorker] = {}
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)

    def start(self) -> None:
        """Ends what a kubelet of this folder has left behind."""
        leftovers.kill(self._node.folder)
        self._remove_folders()
        self._thread.start()

    def stop(self) -> None:
        """No container is left. Their pods stay, for the next kubelet."""
        with self._node.starting:
            self._node.stopping.set()
        while self._thread.is_alive():
            self._node.api.wake()
            self._thread.join(0.05)
        for worker in self._workers.values():
            worker.stop(STOP_SECONDS)

    def kill(self, container_id: str) -> None:
        """SIGKILL to a container, by the id in its status.

        :raises KeyError: no container that runs has it.
        """
        for worker in list(self._workers.values()):
            if worker.kill(container_id):
                return
        raise KeyError(container_id)

    def _run(self) -> None:
        api, delays = self._node.api, self._node.delays
        while not self._node.stopping.is_set():
            version = api.version()
            try:
                self._sync(api.list("Pod")["items"])
            except Exception:
                # What is wrong with one turn may be right in the next.
                LOG.exception("kubelet: unexpected error, trying again")
                self._node.stopping.wait(delays.seconds(RETRY_SECONDS))
            else:
                api.wait_for_change(version, delays.seconds(RESYNC_SECONDS))

    def _sync(self, pods: list[Json]) -> None:
        current = {pod["metadata"]["uid"]: pod for pod in pods}
        for uid, worker in list(self._workers.items()):
            if worker.done:
                del self._workers[uid]
            else:
                worker.update(current.get(uid))
        for uid, pod in current.items():
            bound_to, address = pod["spec"].get("nodeName"), _annotations(pod).get(ADDRESS_ANNOTATION)
            if not bound_to or (bound_to == node.NAME and not address):
                self._schedule(pod, pods)
            elif uid not in self._workers and bound_to == node.NAME:
                host, _, port = str(address).rpartition(":")
                self._workers[uid] = PodWorker(self._node, pod, Address(host, int(port)))

    def _schedule(self, pod: Json, pods: list[Json]) -> None:
        metadata, api = pod["metadata"], self._node.api
        name, namespace = metadata["name"], metadata["namespace"]
        try:
            if why := scheduling.unfit(pod["spec"]):
                told = status.unschedulable(pod["status"], why, self._node.now())
                api.set_status("Pod", name, namespace, metadata["uid"], told)
            elif "deletionTimestamp" not in metadata:
                annotation = {ADDRESS_ANNOTATION: _free_address(pods)}
                bound: Json = {"metadata": {"uid": metadata["uid"], "annotations": annotation}}
                api.patch("Pod", name, bound | {"spec": {"nodeName": node.NAME}}, MERGE, namespace)
        except ApiError as error:
            if error.status not in (404, 409, 422):  # it went, or another has its name
                raise

    def _remove_folders(self) -> None:
        """Of pods that went while nobody looked."""
        current = {pod["metadata"]["uid"] for pod in self._node.api.list("Pod")["items"]}
        for folder in (self._node.folder / "pods").glob("*"):
            if folder.name not in current:
                shutil.rmtree(folder, ignore_errors=True)
        self._node.logs.keep_only(current)


def _annotations(pod: Json) -> dict[str, str]:
    return pod["metadata"].get("annotations") or {}


def _free_address(pods: list[Json]) -> str:
    """Each pod its own: on Linux a host of the loopback network, elsewhere, which has but one, a port."""
    taken = {_annotations(pod).get(ADDRESS_ANNOTATION) for pod in pods}
    while True:
        if sys.platform == "linux":
            a, b, c = random.randrange(1, 255), random.randrange(256), random.randrange(1, 255)
            wanted = (f"127.{a}.{b}.{c}", NODE_PORT)
        else:
            wanted = ("127.0.0.1", 0)
        try:
            with socket.create_server(wanted) as listener:
                found = "{}:{}".format(*listener.getsockname())
        except OSError:
            continue
        if found not in taken:
            return found
