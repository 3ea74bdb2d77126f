"""What one process has of the world outside: the API and the registry, with their bad days.

Requests are retried as the adapters retry them, and have the adapters' effects: a process can be killed at each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from bootstrap_monitor.effects import Moment
from bootstrap_monitor.errors import ApiError
from bootstrap_monitor.retrying import retry_transient
from bootstrap_monitor.timings import RETRY_ATTEMPTS
from tests.soak.images import ImageRegistry
from tests.soak.server import Server
from tests.soak.simulation import Process
from tests.support.cluster import failure

T = TypeVar("T")

EFFECTS: Mapping[str, str] = {
    "create_pod": "kube.create pod",
    "delete_pod": "kube.delete pod",
    "patch_stateful_set": "kube.patch stateful set",
    "create_event": "kube.create event",
}
ONE_TRY = frozenset({"look_at_pod", "create_event"})
REQUEST_SECONDS = 0.01
TIMEOUT_SECONDS = 30.0
STATUSES = {"refused": 0, "timed out": 0, "unauthorized": 401, "throttled": 429, "broken": 500, "unavailable": 503}
LOST = ("answer lost", "timed out, done")
"""The request was done; its answer does not come."""


@dataclass
class Faults:
    """Of one server: until when it is away and how, and how often a single request fails."""

    draw: random.Random
    kinds: tuple[str, ...]
    share: float = 0.003
    until: float = 0.0
    kind: str = ""
    happened: Callable[[], None] = lambda: None

    def begin(self, now: float, seconds: float) -> str:
        self.until, self.kind = now + seconds, self.draw.choice(self.kinds)
        return self.kind

    def next(self, now: float) -> str:
        """What the next request is met by; nothing: it is answered."""
        if now < self.until:
            found = self.kind
        else:
            found = self.draw.choice(self.kinds) if self.draw.random() < self.share else ""
        if found:
            self.happened()
        return found


@dataclass
class Client:
    """The API for the process in the pod ``uid``."""

    server: Server
    process: Process
    faults: Faults
    moment: Callable[[str, Moment], None]
    asked: Callable[[str], None]
    deleted: Callable[[JsonObject], None]
    """Told of each pod whose deletion it began."""
    patched: Callable[[JsonObject, JsonObject], None]
    """Told of the StatefulSet before and after each patch."""

    def get_pod(self, name: str) -> JsonObject:
        return self._call("get_pod", lambda: self.server.get_pod(name))

    def look_at_pod(self, name: str) -> JsonObject:
        return self._call("look_at_pod", lambda: self.server.look_at_pod(name))

    def create_pod(self, body: JsonObject) -> JsonObject:
        return self._call("create_pod", lambda: self.server.create_pod(body))

    def create_event(self, body: JsonObject) -> JsonObject:
        return self._call("create_event", lambda: self.server.create_event(body))

    def read_stateful_set(self, name: str) -> JsonObject:
        return self._call("read_stateful_set", lambda: self.server.read_stateful_set(name))

    def delete_pod(self, name: str, *, uid: str | None = None, grace_seconds: int | None = None) -> None:
        def delete() -> None:
            before = self.server.pods.get(name)
            self.server.delete_pod(name, uid=uid, grace_seconds=grace_seconds)
            assert before
            self.deleted(before)

        self._call("delete_pod", delete)

    def patch_stateful_set(self, name: str, patch: JsonObject, *, strategic: bool) -> JsonObject:
        def apply() -> JsonObject:
            before = self.server.stateful_sets[name]
            answer = self.server.patch_stateful_set(name, patch, strategic=strategic)
            self.patched(before, answer)
            return answer

        return self._call("patch_stateful_set", apply)

    def pod_log(
        self, name: str, *, container: str, limit_bytes: int, tail_lines: int | None = None, previous: bool = False
    ) -> str:
        return self._call(
            "pod_log",
            lambda: self.server.pod_log(
                name, container=container, limit_bytes=limit_bytes, tail_lines=tail_lines, previous=previous
            ),
        )

    def _call(self, method: str, request: Callable[[], T]) -> T:
        effect = EFFECTS.get(method)
        if effect:
            self.moment(effect, "before")
        answer = self._tried(method, request)
        if effect:
            self.moment(effect, "after")
        return answer

    def _tried(self, method: str, request: Callable[[], T]) -> T:
        fault = self._next_fault(method)
        if not fault:  # without the retries around it, which cost more than all the rest
            return request()
        faults = [fault]

        def attempt() -> T:
            return self._meet(faults.pop() if faults else self._next_fault(method), request)

        attempts = 1 if method in ONE_TRY else RETRY_ATTEMPTS
        return retry_transient(attempt, clock=self.process, what=method, attempts=attempts)

    def _next_fault(self, method: str) -> str:
        self.asked(method)
        self.process.sleep(REQUEST_SECONDS)
        return self.faults.next(self.process.monotonic())

    def _meet(self, fault: str, request: Callable[[], T]) -> T:
        if not fault:
            return request()
        if fault in LOST:
            request()
        if fault.startswith("timed out"):
            self.process.sleep(TIMEOUT_SECONDS)
        raise failure(STATUSES[fault], fault) if fault in STATUSES else ApiError(fault, status=0)


REGISTRY_FAULTS = {
    "unreachable": Reason.UNREACHABLE,
    "throttled": Reason.THROTTLED,
    "broken": Reason.SERVER_ERROR,
    "denied": Reason.DENIED,
    "login page": Reason.MALFORMED_ANSWER,
}


@dataclass
class RegistryClient:
    """The image registry, as one process asks it. No image is an index."""

    images: ImageRegistry
    process: Process
    faults: Faults
    asked: Callable[[str], None]

    def digest(self, image: ImageReference) -> str:
        self._ask()
        return self.images.image(str(image)).digest

    def listed(self, image: ImageReference) -> frozenset[str]:
        self._ask()
        return frozenset()

    def _ask(self) -> None:
        self.asked("registry")
        self.process.sleep(REQUEST_SECONDS)
        if fault := self.faults.next(self.process.monotonic()):
            self.process.sleep(TIMEOUT_SECONDS if fault == "unreachable" else REQUEST_SECONDS)
            raise CannotTell(fault, reason=REGISTRY_FAULTS[fault])
