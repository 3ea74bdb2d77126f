"""What a sidecar meets, on loopback: the API server with its rig, the node, and the registry. Each request is noted.

The bodies have what upstream's monitor reads, too: a watch of one pod, JSON-RPC at the node.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

NODE_PORT = 9650
"""Where upstream's monitor looks for the node."""
NAMESPACE, SET, POD, NODE = "rig", "test", "test-0", "avago"
CERTIFICATE = Path(__file__).resolve().parents[2] / "tests/support/loopback-tls.pem"
"""The API server's, with its key: in a pod, clients take TLS for granted."""
PROBE_SECONDS = 1.0
"""How long a probe pod runs."""
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

_DIGEST = "sha256:" + "a" * 64
_VERSIONS = json.dumps({"application": "avalanchego/1.14.2", "database": "v1.4.5", "rpcchainvm": 44, "commit": ""})
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{SET}"

Json = dict[str, Any]


@dataclass(frozen=True)
class Request:
    at_seconds: float
    """By the monotonic clock."""
    server: str
    """``api``, ``node`` or ``registry``."""
    method: str
    path: str

    @property
    def is_sample(self) -> bool:
        return self.path == "/ext/health"

    @property
    def creates_pod(self) -> bool:
        return (self.method, self.path) == ("POST", _PODS)

    @property
    def asks_for_tag(self) -> bool:
        return self.server == "registry" and self.method == "HEAD"


class Loopback:
    """To be entered. The node bootstraps until ``bootstrapped`` is set; the tag never moves."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.bootstrapped = False
        self._servers = {name: _Server(self, name, 0) for name in ("api", "registry")}
        try:
            self._servers["node"] = _Server(self, "node", NODE_PORT)
        except OSError:
            self._servers["node"] = _Server(self, "node", 0)
        self.image = f"127.0.0.1:{self.port('registry')}/avax/node@{_DIGEST}"
        self.stateful_set = _stateful_set(self.image)
        self.pods = {POD: _pod(self.stateful_set)}
        self.started: dict[str, float] = {}
        self.numbers = count(1)
        self.lock = threading.Lock()

    def port(self, server: str) -> int:
        return int(self._servers[server].server_address[1])

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def kubeconfig(self) -> str:
        """It is JSON, thus YAML."""
        access = {"server": f"https://127.0.0.1:{self.port('api')}", "certificate-authority": str(CERTIFICATE)}
        cluster = {"name": "bench", "cluster": access}
        user = {"name": "bench", "user": {"token": "none"}}
        context = {"name": "bench", "context": {"cluster": "bench", "user": "bench"}}
        lists = {"clusters": [cluster], "users": [user], "contexts": [context]}
        return json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "bench", **lists})

    def details(self) -> str:
        """The test details, as upstream's `init` writes them."""
        return json.dumps({"image": self.image, "startTime": "2026-01-01T00:00:00Z"})

    def pod(self, name: str) -> Json | None:
        """As it is now."""
        with self.lock:
            pod = self.pods.get(name)
            if pod and name in self.started and time.monotonic() >= self.started[name] + PROBE_SECONDS:
                container = pod["spec"]["containers"][0]
                image_id = container["image"].rpartition(":")[0] + "@" + _DIGEST
                state = {"terminated": {"exitCode": 0, "reason": "Completed"}}
                status = {"name": container["name"], "image": container["image"], "imageID": image_id, "state": state}
                pod["status"] = {"phase": "Succeeded", "containerStatuses": [{**status, "restartCount": 0}]}
            return pod


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, world: Loopback, name: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.world, self.name = world, name
        if name == "api":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.socket = context.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the process has ended
            self.close_connection = True

    def _any(self) -> None:
        at, url, name = time.monotonic(), urlsplit(self.path), self.server.name
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.world.requests.append(Request(at, name, self.command, url.path))
        if name == "api":
            self._api(url.path, url.query, body)
        elif name == "node":
            self._node(url.path)
        elif url.path.startswith("/v2/"):
            self._answer(200, b"{}", {"Content-Type": MANIFEST, "Docker-Content-Digest": _DIGEST})

    do_GET = do_POST = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815 - names of the base class

    def _api(self, path: str, query: str, body: bytes) -> None:
        world, name = self.server.world, path.removeprefix(_PODS + "/")
        if path == _SET and self.command == "PATCH":
            with world.lock:
                _merge(world.stateful_set, json.loads(body))
            self._answer(200, world.stateful_set)
        elif path == _PODS and self.command == "POST":
            created = json.loads(body)
            metadata = created["metadata"]
            name = metadata.setdefault("name", f"{metadata.get('generateName')}{next(world.numbers)}")
            metadata |= {"uid": f"uid-{next(world.numbers)}", "namespace": NAMESPACE}
            created |= {"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Pending"}}
            world.pods[name], world.started[name] = created, time.monotonic()
            self._answer(201, created)
        elif path == _PODS and "watch" in query:
            self._watch(query.partition("metadata.name%3D")[2].partition("&")[0])
        elif name.endswith("/log"):
            self._answer(200, _VERSIONS.encode())
        elif path.startswith(_PODS) and (pod := world.pod(name)):
            if self.command == "DELETE":
                del world.pods[name]
            self._answer(200, pod)
        elif self.command == "POST":  # an Event
            self._answer(201, json.loads(body))
        else:
            self._answer(404, {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404})

    def _watch(self, name: str) -> None:
        """One event, once there is what is waited for."""
        if name in self.server.world.started:
            time.sleep(PROBE_SECONDS)
        event = {"type": "MODIFIED", "object": self.server.world.pod(name)}
        self._answer(200, json.dumps(event).encode() + b"\n", {"Content-Type": "application/json"})

    def _node(self, path: str) -> None:
        done = self.server.world.bootstrapped
        left = [] if done else ["11111111111111111111111111111111LpoYY"]
        health = {"healthy": done, "checks": {"bootstrapped": {"message": left}}}
        if path == "/ext/metrics":
            self._answer(200, b"avalanche_snowman_last_accepted_height 1\n")
        elif self.command == "POST":
            self._answer(200, {"jsonrpc": "2.0", "id": 1, "result": {**health, "isBootstrapped": done}})
        else:
            self._answer(200 if done else 503, health)

    def _answer(self, status: int, body: bytes | Json, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Say nothing."""


def _stateful_set(image: str) -> Json:
    env = [{"name": "AVAGO_NETWORK_ID", "value": "fuji"}, {"name": "AVAGO_DATA_DIR", "value": "/data/avalanchego"}]
    node = {"name": NODE, "image": image, "env": env, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    annotations = {"avalanche.avax.network/avalanchego-versions": _VERSIONS}
    template = {"metadata": {"labels": {"app": SET}, "annotations": annotations}, "spec": {"containers": [node]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": SET, "namespace": NAMESPACE, "uid": "uid-set", "resourceVersion": "1", "generation": 1},
        "spec": {"replicas": 1, "updateStrategy": {"type": "RollingUpdate"}, "template": template},
        "status": {"observedGeneration": 1, "currentRevision": "test-1", "updateRevision": "test-1"},
    }


def _pod(stateful_set: Json) -> Json:
    template = stateful_set["spec"]["template"]
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": SET, "uid": "uid-set", "controller": True}
    container = {"name": NODE, "ready": True, "restartCount": 0, "image": "", "imageID": "", "state": {"running": {}}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": POD,
            "namespace": NAMESPACE,
            "uid": "uid-pod",
            "labels": {**template["metadata"]["labels"], "controller-revision-hash": "test-1"},
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [container],
        },
    }


def _merge(into: Json, patch: Json) -> None:
    """A merge patch (RFC 7386), in place; what is deleted is not asked for here."""
    for key, value in patch.items():
        if isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
