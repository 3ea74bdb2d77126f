"""The Kubernetes API, by the verbs that are used of it.

Objects are plain JSON. Only verbs that upstream's Role grants are used: statefulsets have no ``get`` there.

Every method raises :class:`~bootstrap_monitor.errors.ApiError` (or its subclass for the status), after
transient errors have been retried. A repeated write may meet the success of the try before, whose answer was
lost: a create then ends with ``AlreadyExists``, a delete with ``NotFound``, a patch with a resourceVersion
with ``Conflict``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import orjson

from bootstrap_monitor.adapters.kube.connection import SERVICE_ACCOUNT, Connection, connect
from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core.api_status import api_error
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.retry_after import retry_after_seconds
from bootstrap_monitor.effects import effect
from bootstrap_monitor.errors import ApiError
from bootstrap_monitor.retrying import retry_transient
from bootstrap_monitor.timings import API_CONNECT_SECONDS, API_READ_SECONDS, RETRY_ATTEMPTS

T = TypeVar("T")

_PODS = "/api/v1/namespaces/{namespace}/pods"
_POD = _PODS + "/{name}"
_EVENTS = "/api/v1/namespaces/{namespace}/events"
_STATEFUL_SET = "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"
_JSON = "application/json"
_MERGE_PATCH = "application/merge-patch+json"
_STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


class Kube:
    """The pods and StatefulSets of one namespace."""

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        clock: Clock,
        *,
        timeout: tuple[float, float] = (API_CONNECT_SECONDS, API_READ_SECONDS),
    ) -> None:
        self._connection = connection
        self._namespace = namespace
        self._clock = clock
        self._timeout = timeout

    @classmethod
    def connect(
        cls,
        namespace: str,
        clock: Clock,
        *,
        environ: Mapping[str, str] = os.environ,
        service_account: Path = SERVICE_ACCOUNT,
        timeout: tuple[float, float] = (API_CONNECT_SECONDS, API_READ_SECONDS),
    ) -> Kube:
        """By the kubeconfig that ``KUBECONFIG`` names if it is set, else as the pod's ServiceAccount.

        Sends nothing. Raises :class:`ConfigurationError`.
        """
        return cls(connect(environ, service_account), namespace, clock, timeout=timeout)

    def get_pod(self, name: str) -> JsonObject:
        """The pod."""
        return self._call("GET", _POD, f"get pod {name}", name=name)

    def look_at_pod(self, name: str) -> JsonObject:
        """The pod, by one try only: for who looks again soon."""
        return self._call("GET", _POD, f"get pod {name}", attempts=1, name=name)

    @effect("kube.create pod")
    def create_pod(self, body: JsonObject) -> JsonObject:
        """Create a pod of that body; the answer is the pod as it was stored."""
        name = body.get("metadata", {}).get("name")
        return self._call("POST", _PODS, f"create pod {name}", body=body, content_type=_JSON)

    @effect("kube.delete pod")
    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        """Delete the pod, gracefully; ``uid`` makes it just that one: of another, ``Conflict``.

        Without ``uid``, a repeated try deletes whichever pod has the name by then.
        """
        options: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        self._call("DELETE", _POD, f"delete pod {name}", name=name, body=options, content_type=_JSON)

    def pod_log(
        self, name: str, *, container: str, limit_bytes: int, tail_lines: int | None = None, previous: bool = False
    ) -> str:
        """What the container printed: at most ``limit_bytes`` from the start, or the last ``tail_lines``'s.

        ``previous`` is the run before the last restart. Bytes that are not UTF-8 are replaced. A container that waits
        has no log, nor one that never restarted a previous: ``Invalid``.
        """
        query = [("container", container), ("limitBytes", str(limit_bytes))]
        if tail_lines is not None:
            query.append(("tailLines", str(tail_lines)))
        if previous:
            query.append(("previous", "true"))
        what = f"read the log of pod {name}, container {container}"
        answer = self._retried(bytes, what, "GET", _POD + "/log", name=name, query=query, accept="*/*")
        return answer.decode(errors="replace")

    def read_stateful_set(self, name: str) -> JsonObject:
        """The StatefulSet with its status, by an empty patch, which changes nothing: there is no ``get``."""
        what = f"read statefulset {name} by an empty patch"
        return self._call("PATCH", _STATEFUL_SET, what, name=name, body={}, content_type=_MERGE_PATCH)

    @effect("kube.patch stateful set")
    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject:
        """Patch the StatefulSet; the answer is the whole object, its status still the old one.

        ``strategic`` merges lists by their keys (containers by name); else a list in the patch replaces all.
        """
        content_type = _STRATEGIC_MERGE_PATCH if strategic else _MERGE_PATCH
        what = f"patch statefulset {name}"
        return self._call("PATCH", _STATEFUL_SET, what, name=name, body=patch, content_type=content_type)

    @effect("kube.create event")
    def create_event(self, body: JsonObject) -> JsonObject:
        """Create an Event, by one try only; its object is in the same namespace, as the API server demands."""
        what = f"create event {body.get('reason')}"
        return self._call("POST", _EVENTS, what, attempts=1, body=body, content_type=_JSON)

    def _call(self, method: str, path: str, what: str, **request: Any) -> JsonObject:
        return self._retried(lambda answer: _object(what, answer), what, method, path, **request)

    def _retried(
        self,
        read: Callable[[bytes], T],
        what: str,
        method: str,
        path: str,
        *,
        attempts: int = RETRY_ATTEMPTS,
        **request: Any,
    ) -> T:
        def attempt() -> T:
            return read(self._attempt(what, method, path, **request))

        if attempts == 1:
            return attempt()
        return retry_transient(attempt, clock=self._clock, what=what, attempts=attempts)

    def _attempt(
        self,
        what: str,
        method: str,
        path: str,
        *,
        name: str = "",
        query: list[tuple[str, str]] | None = None,
        body: JsonObject | None = None,
        content_type: str | None = None,
        accept: str = _JSON,
    ) -> bytes:
        path = path.format(namespace=quote(self._namespace, safe=""), name=quote(name, safe=""))
        headers = {"Accept": accept} | ({"Content-Type": content_type} if content_type else {})
        answer = self._connection.send(what, method, path, query or [], headers, body, self._timeout)
        if 200 <= answer.status <= 299:
            return answer.content
        retry_after = retry_after_seconds(answer.headers.get("Retry-After"), self._clock.now())
        raise api_error(what, answer.status, answer.content, retry_after_seconds=retry_after)


def _object(what: str, answer: bytes) -> JsonObject:
    try:
        parsed = orjson.loads(answer)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        # From something in between, or damaged: as good as no answer. It is not quoted, see core.api_status.
        raise ApiError(f"{what}: the answer is not a JSON object", status=0, reason="UnreadableAnswer")
    return parsed
