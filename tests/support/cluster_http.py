"""The cluster model as an API server on a real socket, for the real program in a process of its own."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ApiError
from tests.support.cluster import Cluster, failure
from tests.support.http_server import Handler, Request, ScriptedServer, Step, answer
from tests.support.manifests import NAMESPACE

_PODS = re.compile(rf"/api/v1/namespaces/{NAMESPACE}/pods(?:/(?P<name>[^/]+)(?P<log>/log)?)?")
_EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
_STATEFUL_SET = re.compile(rf"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/(?P<name>[^/]+)")
_PATCHES = {"application/merge-patch+json": False, "application/strategic-merge-patch+json": True}


def serve(cluster: Cluster, lost: Callable[[Request], Step | None] = lambda request: None) -> ScriptedServer:
    """The server, to be entered. Requests are handled one at a time.

    ``lost`` may name a step in place of the answer to a request that has been handled.
    """
    lock = threading.Lock()

    def step(handler: Handler) -> None:
        with lock:
            request = handler.server.requests[-1]
            try:
                content = _handle(cluster, request)
                respond = answer(200, content if isinstance(content, bytes) else json.dumps(content).encode())
            except ApiError as error:
                respond = answer(error.status, _status(error))
            respond = lost(request) or respond
        respond(handler)

    return ScriptedServer(step)


def _handle(cluster: Cluster, request: Request) -> JsonObject | bytes:
    if pods := _PODS.fullmatch(request.path):
        return _pods(cluster, request, pods["name"], is_log=bool(pods["log"]))
    if request.path == _EVENTS and request.method == "POST":
        return cluster.create_event(request.json)
    if (match := _STATEFUL_SET.fullmatch(request.path)) and request.method == "PATCH":
        strategic = _PATCHES.get(request.headers["content-type"])
        if strategic is None:
            raise failure(415, "UnsupportedMediaType")
        if request.json == {}:
            return cluster.read_stateful_set(match["name"])
        return cluster.patch_stateful_set(match["name"], request.json, strategic=strategic)
    raise failure(403, "Forbidden", f"{request.method} {request.path}")


def _pods(cluster: Cluster, request: Request, name: str | None, *, is_log: bool) -> JsonObject | bytes:
    match request.method, name:
        case "POST", None:
            return cluster.create_pod(request.json)
        case "GET", str() if is_log:
            query = request.query
            return cluster.pod_log(name, container=query["container"], limit_bytes=int(query["limitBytes"])).encode()
        case "GET", str():
            return cluster.get_pod(name)
        case "DELETE", str():
            options: dict[str, Any] = request.json
            uid = options.get("preconditions", {}).get("uid")
            cluster.delete_pod(name, uid=uid, grace_seconds=options.get("gracePeriodSeconds"))
            return {"kind": "Status", "status": "Success"}
    raise failure(403, "Forbidden", f"{request.method} {request.path}")


def _status(error: ApiError) -> JsonObject:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": error.status}
    return {**status, "reason": error.reason, "message": error.what}
