"""What a Kubernetes API answers, and a client of a scripted one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.clock import Clock
from tests.support.http_server import Step, answer

TOKEN = "token-that-nobody-may-see"


def status(
    code: int,
    reason: str = "",
    message: str = "",
    *,
    causes: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Step:
    """A failure as Kubernetes words it."""
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    if reason:
        body["reason"] = reason
    if message:
        body["message"] = message
    if causes is not None:
        body["details"] = {"causes": causes}
    return answer(code, body, headers)


def kubeconfig(folder: Path, url: str, *, token: str = TOKEN) -> Path:
    """A kubeconfig for the server at ``url``; it is JSON, thus YAML."""
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "test",
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                "clusters": [{"name": "test", "cluster": {"server": url}}],
                "users": [{"name": "test", "user": {"token": token}}],
            }
        )
    )
    return path


def connect(folder: Path, url: str, clock: Clock, *, read_seconds: float = 60.0) -> Kube:
    """A client of the namespace ``rig``."""
    environ = {"KUBECONFIG": str(kubeconfig(folder, url))}
    return Kube.connect("rig", clock, environ=environ, timeout=(60.0, read_seconds))
