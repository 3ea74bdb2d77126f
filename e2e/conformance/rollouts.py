"""Steps of rows about a StatefulSet with one pod: its first revision, its second, and what became of the pod."""

from __future__ import annotations

from typing import Any

from e2e.conformance.objects import container, stateful_set
from e2e.conformance.statuses import READY, RUNS
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    SAME,
    Step,
    made,
    seen,
    until,
)
from e2e.kit.api import STRATEGIC, Json

IT, POD, SECOND = "StatefulSet/ROW", "Pod/ROW-0", "Pod/ROW-1"
HASH = "metadata.labels.controller-revision-hash"
ENV = "spec.containers.0.env"
# Nothing listens there.
NEVER_READY = container(readinessProbe={"httpGet": {"port": 9}, "periodSeconds": 1})
OLD, NEW = [{"name": "V", "value": "old"}], [{"name": "V", "value": "new"}]


def patched(body: Json, expected: dict[str, object] | None = None) -> Step:
    return Step(f"PATCH {IT}", 200, expected or {}, body, STRATEGIC)


def deleted(what: str, **options: Any) -> Step:
    return Step(f"DELETE {what}", 200, {}, {"gracePeriodSeconds": 1, **options})


def old(*, ready: bool = True, **spec: Any) -> list[Step]:
    """With its first revision, up as far as it comes."""
    one = {**(container() if ready else NEVER_READY), "env": OLD}
    return [
        made(stateful_set(one, **spec)),
        until(POD, {**RUNS, **(READY if ready else {})}),
        until(IT, {"status.observedGeneration": 1}),
    ]


NEW_TEMPLATE = patched(
    {"spec": {"template": {"spec": {"containers": [{"name": "one", "env": NEW}]}}}}, {"metadata.generation": 2}
)


def reconciled(*generations: int) -> list[Step]:
    """The controller has looked again, so many times: each change of the spec makes it."""
    return [
        step
        for generation in generations
        for step in (
            patched({"spec": {"revisionHistoryLimit": generation}}, {"metadata.generation": generation}),
            until(IT, {"status.observedGeneration": generation}),
        )
    ]


LEFT_ALONE = [*reconciled(3, 4, 5), seen(POD, {"metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT, ENV: OLD})]
REPLACED = until(POD, {"metadata.uid": CHANGED, HASH: CHANGED, ENV: NEW, **RUNS})
