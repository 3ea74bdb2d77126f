"""An API server without controllers, a registry with one image, and the kubelet between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psutil

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.kubelet.kubelet import Kubelet
from e2e.clusters.local.kubelet.logs import Logs
from e2e.clusters.local.registry.program_images import push_image
from e2e.clusters.local.registry.server import Registry
from e2e.clusters.local.settings import Delays

T = TypeVar("T")
SECONDS = 60
"""What anything may take; nothing is measured by it."""
NAMESPACE = "rig"
DELAYS = Delays(0.01)
SLEEPS = "trap 'exit 143' TERM; while :; do sleep 0.05; done"
DEAF = "trap '' TERM; while :; do sleep 0.05; done"


def now() -> datetime:
    return datetime.now(UTC)


def until(look: Callable[[], T | None], what: object) -> T:
    """The first true value."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not in {SECONDS} s: {what}")


class World:
    """Another kubelet and API server begin on the same folder with ``restart``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = Registry(folder / "registry")
        self.registry.start()
        self.image = f"{self.registry.host}/shell:1"
        program = b"#!/bin/sh\necho I am in the image\n"
        push_image(self.registry.host, "shell", {"work/program": program}, {"WorkingDir": "/work"}, tag="1")
        self.logs = Logs(folder / "pod-logs")
        self.api = Api(logs=self.logs, now=now)
        self.api.create({"kind": "Namespace", "metadata": {"name": NAMESPACE}})
        self.kubelet = self._kubelet()

    def _kubelet(self) -> Kubelet:
        kubelet = Kubelet(self.api, self.logs, self.folder / "kubelet", self.folder / "kubeconfig", DELAYS, now)
        kubelet.start()
        return kubelet

    def restart(self) -> None:
        """Another kubelet takes over: of the folder, and of the objects."""
        self.kubelet = self._kubelet()

    def close(self) -> None:
        self.kubelet.stop()
        self.registry.stop()

    def container(self, script: str = SLEEPS, name: str = "one", **fields: Any) -> dict[str, Any]:
        return {"name": name, "image": self.image, "command": ["sh", "-c", script], **fields}

    def create(self, *containers: dict[str, Any], name: str = "pod", **spec: Any) -> dict[str, Any]:
        metadata = {"name": name, "labels": {"app": "rig"}}
        spec = {"terminationGracePeriodSeconds": SECONDS, "containers": list(containers), **spec}
        return self.api.create({"kind": "Pod", "metadata": metadata, "spec": spec}, NAMESPACE)

    def pod(self, name: str = "pod") -> dict[str, Any]:
        return self.api.get("Pod", name, NAMESPACE)

    def find(self, name: str = "pod") -> dict[str, Any] | None:
        try:
            return self.pod(name)
        except ApiError:
            return None

    def status(self, container: str = "one", pod: str = "pod") -> dict[str, Any]:
        """Of one container; a waiting one's while there is no status."""
        told = self.pod(pod)["status"]
        statuses = [*told.get("initContainerStatuses", []), *told.get("containerStatuses", [])]
        nothing: dict[str, Any] = {"state": {}, "lastState": {}, "restartCount": 0, "ready": False}
        return next((one for one in statuses if one["name"] == container), nothing)

    def until_running(self, container: str = "one", pod: str = "pod", restarts: int = 0) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self.status(container, pod)
            return found if "running" in found["state"] and found["restartCount"] >= restarts else None

        return until(look, f"{container} runs")

    def until_ended(self, container: str = "one", pod: str = "pod") -> dict[str, Any]:
        return until(lambda: self.status(container, pod)["state"].get("terminated"), f"{container} ended")

    def until_waiting(self, reason: str, container: str = "one", pod: str = "pod") -> str:
        """The message."""

        def look() -> str | None:
            found = self.status(container, pod)["state"].get("waiting", {})
            return str(found.get("message")) if found.get("reason") == reason else None

        return until(look, f"{container} waits with {reason}")

    def until_gone(self, pod: str = "pod") -> None:
        until(lambda: self.find(pod) is None, f"{pod} gone")

    def until_logged(self, text: str, container: str = "one", pod: str = "pod") -> str:
        def look() -> str | None:
            try:
                found = self.log(container, pod)
            except ApiError:
                return None
            return found if text in found else None

        return until(look, f"{text!r} in the log of {container}")

    def log(self, container: str = "one", pod: str = "pod", *, previous: bool = False) -> str:
        content = self.logs.read(self.pod(pod), container, previous=previous, tail_lines=None, limit_bytes=None)
        return content.decode()


def pid_of(container: dict[str, Any]) -> int:
    return int(container["containerID"].removeprefix("process://").partition("-")[0])


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
