"""The embedded cluster's parts, joined: API server, controllers, kubelet and registry, in this process."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime

import psutil

from e2e.clusters.local.api.http import Server
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.control import Control
from e2e.clusters.local.controllers import garbage_collector, namespaces
from e2e.clusters.local.controllers.claims import Claims
from e2e.clusters.local.controllers.runner import Runner
from e2e.clusters.local.controllers.stateful_set import StatefulSets
from e2e.clusters.local.kubelet.kubelet import Kubelet
from e2e.clusters.local.kubelet.logs import Logs
from e2e.clusters.local.registry.server import Registry
from e2e.clusters.local.settings import Delays
from e2e.clusters.local.state import NAME, Running, State

LOG = logging.getLogger(__name__)


def now() -> datetime:
    """The time, by the machine's clock."""
    return datetime.now(UTC)


class Cluster:
    """Runs from :meth:`start` to :meth:`stop`. What it keeps is in ``state``."""

    def __init__(self, state: State, delays: Delays) -> None:
        self._state = state
        self._registry = Registry(state.registry)
        logs = Logs(state.pod_logs)
        self._api = Api(logs=logs, now=now)
        self._server = Server(self._api)
        reconcilers = {
            "stateful-set": StatefulSets(delays, now).reconcile,
            "claim": Claims(state.volumes).reconcile,
            "garbage": garbage_collector.reconcile,
            "namespace": namespaces.reconcile,
        }
        self._runner = Runner(self._api, reconcilers, delays)
        self._kubelet = Kubelet(self._api, logs, state.kubelet, state.kubeconfig, delays, now)
        self._control = Control({"kube-apiserver": (self._server.start, self._server.stop)})
        self._ends: list[Callable[[], None]] = []

    def start(self) -> Running:
        """Returns once it answers."""
        parts = [
            (self._registry.start, self._registry.stop),
            (self._server.start, self._server.stop),
            (self._write_kubeconfig, lambda: None),
            (self._runner.start, self._runner.stop),
            (self._kubelet.start, self._kubelet.stop),
            (self._control.start, self._control.stop),
        ]
        for start, stop in parts:
            start()
            self._ends.append(stop)
        created_seconds = psutil.Process().create_time()
        running = Running(os.getpid(), created_seconds, self._server.url, self._control.url, self._registry.port)
        running.save(self._state)
        LOG.info("the cluster is up: %s", self._server.url)
        return running

    def stop(self) -> None:
        """No process and no thread of it is left."""
        while self._ends:
            self._ends.pop()()
        LOG.info("the cluster is down")

    def _write_kubeconfig(self) -> None:
        """It is JSON, thus YAML; without credentials, as nobody is asked for any."""
        context = {"cluster": NAME, "user": NAME, "namespace": "default"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{"name": NAME, "cluster": {"server": self._server.url}}],
            "users": [{"name": NAME, "user": {}}],
            "contexts": [{"name": NAME, "context": context}],
        }
        self._state.kubeconfig.write_text(json.dumps(content, indent=2), encoding="utf-8")
