"""The claims of a StatefulSet's pods outlive everything."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.conformance.objects import SLEEPS, container, stateful_set
from e2e.conformance.rollouts import (
    IT,
    POD,
    deleted,
    patched,
)
from e2e.conformance.statuses import READY
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    PRESENT,
    SAME,
    Player,
    Step,
    made,
    rows,
    seen,
    until,
    until_gone,
)

pytestmark = pytest.mark.kubelet

CLAIM = "PersistentVolumeClaim/data-ROW-0"
CLAIMED: Any = {
    "volumeClaimTemplates": [
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
    ]
}
TELLS = f'if [ -e "$DATA/been" ]; then echo kept; else echo new; touch "$DATA/been"; fi; {SLEEPS}'


def with_claim() -> list[Step]:
    """Up, with a volume; it tells whether it has been here before."""
    fields: Any = {
        "env": [{"name": "DATA", "value": "/data"}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return [made(stateful_set(container(TELLS, **fields), **CLAIMED)), until(POD, READY), told("new")]


def told(text: str) -> Step:
    return Step(f"GET {POD}/log", 200, {"": f"{text}\n"}, waits=True)


SAME_CLAIM = seen(CLAIM, {"metadata.uid": SAME, "spec.volumeName": SAME, "metadata.deletionTimestamp": ABSENT})


@rows(
    claim_outlives_the_pod=[
        *with_claim(),
        seen(
            CLAIM,
            {
                "metadata.labels": {"row": "ROW"},
                "metadata.ownerReferences": ABSENT,
                "status.phase": "Bound",
                "spec.volumeName": PRESENT,
                "spec.accessModes": ["ReadWriteOnce"],
            },
        ),
        seen(POD, {"spec.volumes.name=data.persistentVolumeClaim.claimName": "data-ROW-0"}),
        deleted(POD),
        until(POD, {"metadata.uid": CHANGED, **READY}),
        told("kept"),
        SAME_CLAIM,
    ],
    claim_outlives_no_replicas=[
        *with_claim(),
        seen(CLAIM, {}),
        patched({"spec": {"replicas": 0}}),
        until_gone(POD),
        SAME_CLAIM,
        patched({"spec": {"replicas": 1}}),
        until(POD, {"metadata.uid": CHANGED, **READY}),
        told("kept"),
    ],
    claim_outlives_the_stateful_set=[
        *with_claim(),
        seen(CLAIM, {}),
        Step(f"DELETE {IT}"),
        until_gone(POD),
        SAME_CLAIM,
        made(stateful_set(container(), **CLAIMED)),
        until(POD, READY),
        SAME_CLAIM,
    ],
)
def test_claims(steps: list[Step], player: Player) -> None:
    player.play(steps)
