"""The Kubernetes API as the person who deploys sees it: plain JSON over one kept connection."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from kubernetes.client import Configuration
from kubernetes.config import load_kube_config

Json = dict[str, Any]

PLAIN = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
SECONDS = 30.0
ATTEMPTS = 5

_PLURALS = {
    "Namespace": ("/api/v1", "namespaces", False),
    "Pod": ("/api/v1", "pods", True),
    "PersistentVolume": ("/api/v1", "persistentvolumes", False),
    "PersistentVolumeClaim": ("/api/v1", "persistentvolumeclaims", True),
    "ServiceAccount": ("/api/v1", "serviceaccounts", True),
    "Service": ("/api/v1", "services", True),
    "ConfigMap": ("/api/v1", "configmaps", True),
    "Secret": ("/api/v1", "secrets", True),
    "Event": ("/api/v1", "events", True),
    "StatefulSet": ("/apis/apps/v1", "statefulsets", True),
    "ControllerRevision": ("/apis/apps/v1", "controllerrevisions", True),
    "Job": ("/apis/batch/v1", "jobs", True),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
}


class RefusedError(Exception):
    """The API server answered with an error."""

    def __init__(self, status: int, what: str, body: str) -> None:
        super().__init__(f"{what}: HTTP {status}: {body[:1000]}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """Of the API server, whatever it is: ``body`` is text where it is not JSON."""

    status: int
    body: Any


class Api:
    """As administrator. ``namespace`` is the one of all namespaced kinds."""

    def __init__(self, kubeconfig: Path, namespace: str = "default") -> None:
        self.namespace = namespace
        configuration = Configuration()
        load_kube_config(str(kubeconfig), client_configuration=configuration)  # type: ignore[no-untyped-call]
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        self._http = httpx.Client(base_url=configuration.host, verify=context, timeout=SECONDS, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def get(self, kind: str, name: str) -> Json:
        return self._request("GET", self._path(kind, name))

    def find(self, kind: str, name: str) -> Json | None:
        """The object; ``None`` while there is none."""
        try:
            return self.get(kind, name)
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, kind: str, **parameters: str) -> list[Json]:
        return list(self._request("GET", self._path(kind), parameters=parameters)["items"])

    def create(self, body: Json) -> Json:
        return self._request("POST", self._path(body["kind"]), body)

    def apply(self, body: Json, manager: str = "people", *, force: bool = True) -> Json:
        """As `kubectl apply --server-side`: what the manifest names is put back, the rest stays.

        Without ``force`` (`--force-conflicts`), what others have changed since is refused, with 409.
        """
        path = self._path(body["kind"], body["metadata"]["name"])
        parameters = {"fieldManager": manager, "force": str(force).lower()}
        return self._request("PATCH", path, body, APPLY, parameters)

    def patch(self, kind: str, name: str, body: Json, content_type: str = MERGE) -> Json:
        return self._request("PATCH", self._path(kind, name), body, content_type)

    def delete(self, kind: str, name: str, *, grace_seconds: int | None = None, uid: str | None = None) -> None:
        options: Json = {"propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        try:
            self._request("DELETE", self._path(kind, name), options)
        except RefusedError as refused:
            if refused.status != 404:
                raise

    def ask(
        self,
        method: str,
        kind: str,
        name: str = "",
        body: Any = None,
        *,
        subresource: str = "",
        content_type: str = PLAIN,
        parameters: dict[str, str] | None = None,
    ) -> Answer:
        """One request; a refusal is an answer too. Without ``name``, of all objects of the kind."""
        path = self._path(kind, name) + (f"/{subresource}" if subresource else "")
        response = self._send(method, path, body, content_type, parameters)
        is_json = response.content and response.headers.get("Content-Type", "").startswith(PLAIN)
        return Answer(response.status_code, response.json() if is_json else response.text)

    def watch(self, kind: str, seconds: int, after: str = "", **parameters: str) -> Iterator[tuple[str, Json]]:
        """Events after a resourceVersion, or from the first state on; until the server ends the watch."""
        parameters |= {"watch": "true", "timeoutSeconds": str(seconds), "resourceVersion": after}
        with self._http.stream("GET", self._path(kind), params=parameters, timeout=SECONDS + seconds) as response:
            for line in response.iter_lines():
                event = json.loads(line)
                yield event["type"], event["object"]

    def _path(self, kind: str, name: str = "") -> str:
        prefix, plural, namespaced = _PLURALS[kind]
        namespace = f"/namespaces/{self.namespace}" if namespaced else ""
        return f"{prefix}{namespace}/{plural}" + (f"/{name}" if name else "")

    def _request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        content_type: str = PLAIN,
        parameters: dict[str, str] | None = None,
    ) -> Json:
        response = self._send(method, path, body, content_type, parameters)
        if response.status_code >= 400:
            raise RefusedError(response.status_code, f"{method} {path}", response.text)
        answer: Json = response.json()
        return answer

    def _send(
        self, method: str, path: str, body: Any, content_type: str, parameters: dict[str, str] | None
    ) -> httpx.Response:
        """A kept connection may end at any time, and a control plane under load may lose one: asked again."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        request = self._http.build_request(method, path, content=content, params=parameters, headers=headers)
        for attempt in range(1, ATTEMPTS):
            with suppress(httpx.TransportError):
                return self._http.send(request)
            time.sleep(0.2 * attempt)
        return self._http.send(request)
