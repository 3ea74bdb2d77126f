"""Runs the controllers: a thread each, which looks again after each change and, without one, from time to time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.settings import Delays

Reconcile = Callable[[Api], None]
RESYNC_SECONDS = 5.0
RETRY_SECONDS = 1.0
LOG = logging.getLogger(__name__)


class Runner:
    """Calls each of ``reconcilers`` (by name), level-triggered: what one turn misses, the next one sees."""

    def __init__(self, api: Api, reconcilers: Mapping[str, Reconcile], delays: Delays) -> None:
        self._api = api
        self._delays = delays
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(name, reconcile), name=f"{name}-controller", daemon=True)
            for name, reconcile in reconcilers.items()
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when each has ended its turn."""
        self._stopping.set()
        for thread in self._threads:
            # Awake again and again: one may have been on its way to wait.
            while thread.is_alive():
                self._api.wake()
                thread.join(0.05)

    def _run(self, name: str, reconcile: Reconcile) -> None:
        while not self._stopping.is_set():
            version = self._api.version()
            try:
                reconcile(self._api)
            except ApiError as error:
                LOG.info("controller %s: refused, it tries again: %s", name, error.message)
                self._stopping.wait(self._delays.seconds(RETRY_SECONDS))
            except Exception:
                # A bug, or a disk that is full: the other controllers go on, and this one tries again.
                LOG.exception("controller %s: unexpected error, it tries again", name)
                self._stopping.wait(self._delays.seconds(RETRY_SECONDS))
            else:
                self._api.wait_for_change(version, self._delays.seconds(RESYNC_SECONDS))
