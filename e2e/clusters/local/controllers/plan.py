"""What a StatefulSet's controller does next, as a pure function: which pods it creates and deletes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.controllers import pods


@dataclass(frozen=True)
class Create:
    """A pod of that ordinal is missing; ``current`` when it is to have the current revision, not the update's."""

    ordinal: int
    current: bool


@dataclass(frozen=True)
class Delete:
    pod: Json


Action = Create | Delete


@dataclass(frozen=True)
class Members:
    """The pods of a StatefulSet by ordinal: those within its replicas (none when missing), and those beyond them."""

    replicas: dict[int, Json | None]
    condemned: dict[int, Json]

    @classmethod
    def of(cls, stateful_set: Json, bodies: list[Json]) -> Members:
        name = stateful_set["metadata"]["name"]
        numbered = {number: pod for pod in bodies if (number := pods.ordinal(pod, name)) is not None}
        first = _first(stateful_set)
        wanted = range(first, first + stateful_set["spec"]["replicas"])
        condemned = {number: pod for number, pod in numbered.items() if number not in wanted}
        return cls({number: numbered.get(number) for number in wanted}, condemned)

    def by_ordinal(self) -> dict[int, Json]:
        """Every pod that there is."""
        return {number: pod for number, pod in self.replicas.items() if pod is not None} | self.condemned


def actions(stateful_set: Json, members: Members, update_revision: str) -> list[Action]:
    """In this order. Under OrderedReady one at most: what comes after it is looked at when it is done."""
    spec = stateful_set["spec"]
    on_delete = spec["updateStrategy"]["type"] == "OnDelete"
    partition = 0 if on_delete else _first(stateful_set) + spec["updateStrategy"]["rollingUpdate"]["partition"]
    if spec["podManagementPolicy"] == "Parallel":
        planned = list(_parallel(members, partition))
        return planned if on_delete else planned + _update(members, partition, update_revision)
    for ordinal, pod in members.replicas.items():
        if pod is None:
            return [Create(ordinal, ordinal < partition)]
        if pods.is_finished(pod):
            return [] if pods.is_terminating(pod) else [Delete(pod)]
        # Also a template that has changed meanwhile does not replace a pod that is not Ready.
        if not pods.is_healthy(pod):
            return []
    if members.condemned:
        return _scale_down(members.condemned)
    return [] if on_delete else _update(members, partition, update_revision)


def _parallel(members: Members, partition: int) -> Iterator[Action]:
    for ordinal, pod in members.replicas.items():
        if pod is None:
            yield Create(ordinal, ordinal < partition)
        elif pods.is_finished(pod) and not pods.is_terminating(pod):
            yield Delete(pod)
    for _, pod in sorted(members.condemned.items(), reverse=True):
        if not pods.is_terminating(pod):
            yield Delete(pod)


def _scale_down(condemned: dict[int, Json]) -> list[Action]:
    """From the top, one by one; one that is not Ready goes only when none below it is not Ready either."""
    unhealthy = [number for number, pod in condemned.items() if not pods.is_healthy(pod)]
    last = max(condemned)
    if pods.is_terminating(condemned[last]) or (last in unhealthy and last != min(unhealthy)):
        return []
    return [Delete(condemned[last])]


def _update(members: Members, partition: int, update_revision: str) -> list[Action]:
    """The one with the largest ordinal that is not of the update revision, once all above it are healthy."""
    for ordinal, pod in sorted(members.replicas.items(), reverse=True):
        if ordinal < partition or pod is None or pods.is_terminating(pod) or pods.is_finished(pod):
            return []
        if pods.revision(pod) != update_revision:
            return [Delete(pod)]
        if not pods.is_ready(pod):
            return []
    return []


def _first(stateful_set: Json) -> int:
    """The ordinal of its first pod."""
    return int((stateful_set["spec"].get("ordinals") or {}).get("start", 0))
