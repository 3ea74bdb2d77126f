"""One scenario's world: a namespace, a node image of its own, and everything that can be seen of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import httpx

from e2e.kit import manifests, observe
from e2e.kit.api import APPLY, MERGE, Api, Json
from e2e.kit.cluster import Cluster
from e2e.kit.history import PodHistory
from e2e.kit.logs import ContainerLogs, Line
from e2e.kit.manifests import INIT, NODE, SIDECAR, Tester, VolumeShape
from e2e.kit.node_image import NodeImage

T = TypeVar("T")


class Deployment(Protocol):
    """A StatefulSet and what it needs, such as a :class:`Tester`."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> VolumeShape: ...
    def objects(self, namespace: str) -> list[Json]: ...


class Rig:
    """The world. ``deploy`` (or ``create``) puts a tester into it."""

    def __init__(self, cluster: Cluster, namespace: str, node_image: NodeImage, monitor_image: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.node_image = node_image
        self.monitor_image = monitor_image
        self.api = Api(cluster.kubeconfig, namespace)
        self.history = PodHistory(Api(cluster.kubeconfig, namespace))
        self._logs = ContainerLogs(cluster.pod_logs, namespace)
        self._name = ""
        self._shape = VolumeShape.NODE_IN_FOLDER

    def close(self) -> None:
        self.history.close()
        self._logs.close()
        self.api.close()

    # What people do

    def tester(self, **options: object) -> Tester:
        """A tester of this world's images, by the tag; ``options`` are the fields of :class:`Tester`."""
        images = {"node_image": self.node_image.floating, "monitor_image": self.monitor_image}
        return Tester(**{**images, **options})  # type: ignore[arg-type] # mypy cannot see fields in a dict

    def deploy(self, deployment: Deployment) -> None:
        """Apply the manifests, as at first or again: what they name is put back, the rest stays."""
        self._name, self._shape = deployment.name, deployment.shape
        for body in deployment.objects(self.namespace):
            self.api.apply(body)

    def create(self, stateful_set: Json, shape: VolumeShape) -> None:
        """A StatefulSet as it is, once; its name may be generated."""
        self._name, self._shape = str(self.api.create(stateful_set)["metadata"]["name"]), shape

    def patch(self, body: Json, content_type: str = MERGE) -> Json:
        """Edit the StatefulSet."""
        assert content_type != APPLY, "deploy() applies"
        return self.api.patch("StatefulSet", self._name, body, content_type)

    def delete_pod(self) -> str:
        """As a drain of its node does; answers the uid that was deleted."""
        uid = self.pod_uid
        self.api.delete("Pod", self.pod_name, uid=uid)
        return uid

    def kill(self, container: str) -> None:
        """SIGKILL to the container's first process."""
        status = next(one for one in self.pod()["status"]["containerStatuses"] if one["name"] == container)
        self.cluster.kill(status["containerID"].partition("://")[2])

    def tell_node(self, *, address: str | None = None, **change: object) -> None:
        """Tell the scripted node what to do from now on, as PUT /control takes it.

        ``address`` is the pod's, where the API server cannot be asked for it.
        """
        try:
            self._node("PUT", "/control", address, content=json.dumps(change))
        except httpx.RemoteProtocolError:
            if change.get("exit") is None:  # it ends before it has answered
                raise

    # What is seen

    @property
    def name(self) -> str:
        """Of the StatefulSet."""
        return self._name

    @property
    def pod_name(self) -> str:
        return f"{self._name}-0"

    @property
    def pod_uid(self) -> str:
        return str(self.pod()["metadata"]["uid"])

    def stateful_set(self) -> Json:
        return self.api.get("StatefulSet", self._name)

    def pod(self) -> Json:
        """Raises :class:`RefusedError` (404) while there is none; :meth:`until` goes on then."""
        return self.api.get("Pod", self.pod_name)

    def template_image(self) -> str:
        """The node's image in the template."""
        return _image(self.stateful_set()["spec"]["template"]["spec"])

    def pod_image(self) -> str:
        """The node's image in the pod's spec."""
        return _image(self.pod()["spec"])

    def results(self) -> list[Json]:
        """The stored results, newest first."""
        return list(json.loads(self.annotation(manifests.RESULTS_ANNOTATION) or "[]"))

    def annotation(self, key: str) -> str | None:
        """Of the StatefulSet's metadata."""
        value: str | None = (self.stateful_set()["metadata"].get("annotations") or {}).get(key)
        return value

    def template_annotation(self, key: str) -> str | None:
        metadata = self.stateful_set()["spec"]["template"]["metadata"]
        value: str | None = (metadata.get("annotations") or {}).get(key)
        return value

    def volume(self) -> Path:
        """The data volume's root, on this machine."""
        return self.claim(f"{manifests.VOLUME}-{self.pod_name}")

    def claim(self, name: str) -> Path:
        """The root of a claim's volume, on this machine."""
        claim = self.api.get("PersistentVolumeClaim", name)
        return Path(self.api.get("PersistentVolume", claim["spec"]["volumeName"])["spec"]["hostPath"]["path"])

    def node_data(self) -> Path:
        """Where the node writes, on this machine."""
        return self.volume() / self._shape.folder

    def details(self) -> Json:
        """The test details on the volume; empty while there is no file."""
        try:
            content: Json = json.loads((self.volume() / manifests.DETAILS_FILE).read_bytes())
        except FileNotFoundError:
            return {}
        return content

    def logs(self, *containers: str) -> list[Line]:
        """All lines of these containers (or of all), also of earlier pods and runs; oldest first."""
        return self._logs.lines(*containers)

    def logged(self, message: str, *containers: str, uid: str | None = None) -> list[Json]:
        """The monitor's log entries with this message; of one pod's life, or of all lives of this tester's pods."""
        lines = [line for line in self.logs(*(containers or (INIT, SIDECAR))) if uid in {None, line.uid}]
        return [line.json for line in lines if line.message == message and line.pod.rpartition("-")[0] == self._name]

    def node_address(self) -> str:
        """HOST:PORT. Raises KeyError while the pod has none."""
        return self.cluster.node_address(self.pod())

    def node(self, path: str) -> httpx.Response:
        """GET from the node's own HTTP server."""
        return self._node("GET", path)

    def rpc(self, path: str, method: str, **parameters: object) -> Json:
        """JSON-RPC to the node; answers `result`."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = self._node("POST", path, json=request).json()
        result: Json = answer["result"]
        return result

    # Waiting

    def until(
        self,
        look: Callable[[], T | None],
        what: str,
        timeout: float = observe.TIMEOUT_SECONDS,
        *,
        unless: Callable[[], str | None] = lambda: None,
    ) -> T:
        """The first true value of ``look``; a failure tells the state of this world."""
        return observe.wait_for(look, what, timeout, summary=self.summary, unless=unless)

    def until_logged(self, message: str, *containers: str, uid: str | None = None, count: int = 1) -> list[Json]:
        """At least ``count`` entries with this message."""

        def look() -> list[Json] | None:
            found = self.logged(message, *containers, uid=uid)
            return found if len(found) >= count else None

        return self.until(look, f"{count} x {message!r} in the log of {containers or (INIT, SIDECAR)}")

    def until_results(self, count: int, timeout: float = observe.TIMEOUT_SECONDS) -> list[Json]:
        """So many results."""

        def look() -> list[Json] | None:
            found = self.results()
            return found if len(found) >= count else None

        return self.until(look, f"{count} results", timeout)

    def until_replaced(self, uid: str) -> str:
        """Another life of the pod than ``uid``; answers its uid."""
        return self.until(lambda: other if (other := self.pod_uid) != uid else None, f"a pod other than {uid}")

    def until_pinned(self) -> str:
        """A pod of the newest digest; answers its uid."""

        def look() -> str | None:
            return self.pod_uid if self.pod_image() == self.node_image.pinned else None

        return self.until(look, f"a pod with {self.node_image.pinned}")

    def until_node_runs(self, uid: str | None = None) -> None:
        """The node's HTTP server answers; in the pod's life ``uid``, if given."""

        def look() -> bool:
            return uid in {None, self.pod_uid} and self.node("/ext/health/liveness").status_code == 200

        self.until(look, "the node's HTTP server")

    def summary(self) -> str:
        """The state for a failure's message."""
        states = self.history.states()
        lives = [f"{state.name} {state.uid} {state.event}" for state in states if state.event != "MODIFIED"]
        tail = [f"{line.time} {line.pod}/{line.container}#{line.run}: {line.text}" for line in self.logs(INIT, SIDECAR)]
        return "\n".join(["pods:", *lives[-12:], "log:", *tail[-25:]])

    def _node(self, method: str, path: str, address: str | None = None, **options: object) -> httpx.Response:
        url = f"http://{address or self.node_address()}{path}"
        with httpx.Client(trust_env=False, timeout=10, verify=False) as client:
            return client.request(method, url, **options)  # type: ignore[arg-type] # as httpx takes them


def _image(pod_spec: Json) -> str:
    return next(str(one["image"]) for one in pod_spec["containers"] if one["name"] == NODE)
