"""A small client of the cluster's API server, so that starting it needs nothing but Python."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from e2e.clusters.host.settings import API_PORT, NODE_ADDRESS, NODE_NAME, Layout

Json = dict[str, Any]


class RefusedError(Exception):
    """The server answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


class Api:
    """As administrator. Raises OSError while there is no server, ValueError on rubbish."""

    def __init__(self, layout: Layout, seconds: float = 10) -> None:
        self._context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
        self._context.load_cert_chain(layout.pki / "admin.crt", layout.pki / "admin.key")
        self._seconds = seconds

    def request(self, method: str, path: str, body: Json | None = None) -> Json:
        return json.loads(self.text(method, path, body)) or {}

    def text(self, method: str, path: str, body: Json | None = None) -> str:
        connection = http.client.HTTPSConnection(NODE_ADDRESS, API_PORT, timeout=self._seconds, context=self._context)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json"},
            )
            response = connection.getresponse()
            answer = response.read().decode("utf-8", errors="replace")
        except http.client.HTTPException as error:
            raise OSError(f"the API server's answer broke off: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise RefusedError(response.status, answer)
        return answer

    def server_ready(self) -> bool:
        try:
            return self.text("GET", "/readyz") == "ok"
        except (OSError, RefusedError):
            return False

    def node_ready(self) -> bool:
        try:
            node = self.request("GET", f"/api/v1/nodes/{NODE_NAME}")
        except (OSError, RefusedError):
            return False
        return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))

    def pods_can_start(self) -> bool:
        """Pods are refused in a namespace that has no default service account yet."""
        try:
            self.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
        except (OSError, RefusedError):
            return False
        return True
