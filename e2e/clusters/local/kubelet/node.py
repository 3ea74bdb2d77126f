"""What all pods of the one node share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.kubelet.images import Images
from e2e.clusters.local.kubelet.leftovers import Records
from e2e.clusters.local.kubelet.logs import Logs
from e2e.clusters.local.settings import Delays

NAME = "local"


@dataclass(frozen=True)
class Node:
    """The node `local`. Once it is ``stopping``, nothing is started."""

    api: Api
    logs: Logs
    images: Images
    records: Records
    folder: Path
    kubeconfig: Path
    delays: Delays
    now: Callable[[], datetime]
    stopping: threading.Event = field(default_factory=threading.Event)
    starting: threading.Lock = field(default_factory=threading.Lock)
    """Held while a process is started."""

    def pod_folder(self, uid: str) -> Path:
        return self.folder / "pods" / uid

    def find(self, namespace: str, kind: str, name: str) -> Json | None:
        """An object of the API; ``None`` when there is none."""
        try:
            return self.api.get(kind, name, "" if kind == "PersistentVolume" else namespace)
        except ApiError as error:
            if error.status != 404:
                raise
            return None
