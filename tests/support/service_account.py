"""A ServiceAccount as the kubelet mounts it into a pod, and rotates it."""

from __future__ import annotations

from pathlib import Path

from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.clock import Clock
from tests.support.http_server import CERTIFICATE, ScriptedServer


def mounted(folder: Path, token: str) -> Path:
    """``token`` and ``ca.crt`` in the folder are links into ``..data``, a link to where the files are."""
    rotate(folder, token)
    for name in ("token", "ca.crt"):
        (folder / name).symlink_to(f"..data/{name}")
    return folder


def rotate(account: Path, token: str) -> None:
    """A new folder with all files, then ``..data`` is changed to it, at once."""
    data = account / f"..{token or 'empty'}"
    data.mkdir()
    (data / "token").write_text(token and f"{token}\n")
    (data / "ca.crt").write_bytes(CERTIFICATE.read_bytes())
    link = account / "..data_tmp"
    link.symlink_to(data.name)
    link.replace(account / "..data")


def as_pod(server: ScriptedServer, account: Path, clock: Clock) -> Kube:
    """A client of the namespace ``rig``, by the pod's ServiceAccount."""
    environ = {"KUBERNETES_SERVICE_HOST": server.host, "KUBERNETES_SERVICE_PORT": str(server.port)}
    return Kube.connect("rig", clock, environ=environ, service_account=account)


def tokens(server: ScriptedServer) -> list[str]:
    """Of each request, in turn."""
    return [request.headers["authorization"].removeprefix("Bearer ") for request in server.requests]
