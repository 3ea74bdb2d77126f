"""Every state that the API server told of a namespace's pods: also how the containers of pods that are gone ended."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import httpx

from e2e.kit.api import Api, Json, RefusedError

WATCH_SECONDS = 20
CATCH_UP_SECONDS = 5


@dataclass(frozen=True)
class PodState:
    """One pod at one moment. ``event`` is ADDED, MODIFIED or DELETED."""

    event: str
    pod: Json

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.pod["metadata"]["uid"])

    @property
    def deletion_time(self) -> str | None:
        """When its grace period ends; RFC 3339."""
        time: str | None = self.pod["metadata"].get("deletionTimestamp")
        return time

    def container(self, name: str) -> Json | None:
        """The status of a container or init container."""
        status = self.pod.get("status", {})
        statuses = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
        return next((one for one in statuses if one["name"] == name), None)

    def terminated(self, container: str) -> Json | None:
        """How the container's present or last run ended: exitCode, reason, startedAt, finishedAt, message."""
        status = self.container(container) or {}
        ended: Json | None = status.get("state", {}).get("terminated") or status.get("lastState", {}).get("terminated")
        return ended


class PodHistory:
    """A thread that watches the pods of the Api's namespace; the Api is its own, and closed with it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._states: list[PodState] = []
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"pods of {api.namespace}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The watch ends with its connection."""
        self._stop.set()
        self._api.close()
        self._thread.join(WATCH_SECONDS)

    def states(self, pod: str | None = None) -> list[PodState]:
        """Oldest first, up to what the API server tells now; of one pod name, or of all."""
        self._catch_up()
        return [state for state in list(self._states) if pod in {None, state.name}]

    def uids(self, pod: str) -> list[str]:
        """One a life of the pod, oldest first."""
        return list(dict.fromkeys(state.uid for state in self.states(pod)))

    def endings(self, pod: str, container: str) -> list[Json]:
        """How each run of the container ended, in all lives of the pod; oldest first."""
        ended = [state.terminated(container) for state in self.states(pod)]
        return list({one["containerID"]: one for one in ended if one and one.get("containerID")}.values())

    def _catch_up(self) -> None:
        """The watch may be behind who has just read a pod itself."""
        try:
            present = {str(pod["metadata"]["resourceVersion"]) for pod in self._api.list("Pod")}
        except (httpx.HTTPError, RefusedError, RuntimeError, OSError):
            return  # away, or closed
        give_up_at = time.monotonic() + CATCH_UP_SECONDS
        while not present <= self._seen and time.monotonic() < give_up_at and not self._stop.wait(0.05):
            pass

    def _watch(self) -> None:
        last = ""
        while not self._stop.is_set():
            try:
                for event, body in self._api.watch("Pod", WATCH_SECONDS, last):
                    # An error says that this version is gone: from the present state on, then.
                    last = "" if event == "ERROR" else body["metadata"]["resourceVersion"]
                    if event != "ERROR" and last not in self._seen:
                        self._states.append(PodState(event, body))
                        self._seen.add(last)
            except (httpx.HTTPError, httpx.StreamError, ValueError, RuntimeError, OSError):
                # The server went away, or close() took the connection.
                self._stop.wait(0.2)
