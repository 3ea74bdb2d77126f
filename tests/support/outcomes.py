"""What becomes of a probe pod, by its image."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core import probe_pod
from bootstrap_monitor.core.json import JsonObject
from tests.support.manifests import VERSIONS


@dataclass(frozen=True)
class Outcome:
    """The pod's status at each look; the last one stays."""

    statuses: tuple[JsonObject, ...]
    log: str = ""


def ran(image_id: str, log: str = VERSIONS, *, after: tuple[JsonObject, ...] = ()) -> Outcome:
    """It ran and ended with 0; ``after`` is what was to be seen before."""
    return Outcome((*after, _state("Succeeded", {"terminated": {"exitCode": 0}}, image_id)), log)


def failed(exit_code: int = 1, reason: str = "Error", message: str = "") -> Outcome:
    return Outcome((_state("Failed", {"terminated": {"exitCode": exit_code, "reason": reason, "message": message}}),))


def waits(*statuses: JsonObject) -> Outcome:
    """It never gets further."""
    return Outcome(statuses)


def waiting(reason: str, message: str = "") -> JsonObject:
    """The status of a container that waits."""
    return _state("Pending", {"waiting": {"reason": reason, "message": message}})


def unscheduled(message: str) -> JsonObject:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [condition]}


def _state(phase: str, state: JsonObject, image_id: str = "") -> JsonObject:
    return {
        "phase": phase,
        "containerStatuses": [{"name": probe_pod.CONTAINER, "state": state, "imageID": image_id}],
    }
