"""What a StatefulSet's pods are, in which order they come and go, whose they are, and what its status counts."""

from __future__ import annotations

from e2e.conformance.objects import NOWHERE, container, pod, stateful_set
from e2e.conformance.rollouts import (
    ENV,
    HASH,
    IT,
    NEW,
    OLD,
    POD,
    SECOND,
    old,
    patched,
    reconciled,
)
from e2e.conformance.statuses import READY, RUNS
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    SAME,
    Like,
    Of,
    Player,
    Step,
    made,
    refused,
    rows,
    seen,
    until,
    until_gone,
)
from e2e.kit.api import STRATEGIC

# Its pods' label with the revision has more than 63 characters.
LONG_NAME = "a" * 55
LONG, LONG_POD = f"StatefulSet/{LONG_NAME}", f"Pod/{LONG_NAME}-0"
COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
OWNER = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "name": "ROW",
    "uid": Of(IT, "metadata.uid"),
    "controller": True,
    "blockOwnerDeletion": True,
}


@rows(
    one=[
        *old(),
        seen(
            POD,
            {
                "metadata.generateName": "ROW-",
                "metadata.labels.row": "ROW",
                "metadata.labels.statefulset.kubernetes.io/pod-name": "ROW-0",
                "metadata.labels.apps.kubernetes.io/pod-index": "0",
                HASH: Like("^ROW-[0-9a-z]+$"),
                "metadata.ownerReferences": [OWNER],
                "spec.hostname": "ROW-0",
                "spec.subdomain": "none",
            },
        ),
        until(
            IT,
            {
                **{f"status.{kind}": 1 for kind in COUNTS},
                "status.observedGeneration": 1,
                "status.collisionCount": 0,
                "status.currentRevision": Of(POD, HASH),
                "status.updateRevision": Of(POD, HASH),
            },
        ),
    ],
    one_that_is_not_ready=[
        *old(ready=False),
        until(IT, {"status.replicas": 1, "status.currentReplicas": 1, "status.updatedReplicas": 1}),
        seen(IT, {"status.readyReplicas": ABSENT, "status.availableReplicas": 0}),
    ],
    second_waits_for_the_first=[
        *old(ready=False, replicas=2),
        *reconciled(2, 3, 4),
        seen(IT, {"status.replicas": 1}),
        Step(f"GET {SECOND}", 404),
    ],
    parallel_waits_for_none=[*old(ready=False, replicas=2, podManagementPolicy="Parallel"), until(SECOND, RUNS)],
    second_comes_after_the_first_and_goes_before_it=[
        *old(replicas=2),
        until(SECOND, READY),
        patched({"spec": {"replicas": 1}}),
        until_gone(SECOND),
        seen(POD, {"metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
    ],
    deadline_is_refused=[
        refused(
            "POST StatefulSet", 422, "Invalid", "not Supported", stateful_set(template={"activeDeadlineSeconds": 1})
        ),
    ],
    pods_that_end_are_refused=[
        refused("POST StatefulSet", 422, "Invalid", "Unsupported", stateful_set(template={"restartPolicy": "Never"})),
    ],
    labels_that_are_not_selected=[
        refused(
            "POST StatefulSet", 422, "Invalid", "selector", stateful_set(selector={"matchLabels": {"row": "another"}})
        ),
    ],
    name_too_long_for_a_pod_of_it=[
        made(stateful_set(name=LONG_NAME)),
        until(LONG, {"status.observedGeneration": 1}),
        Step(f"PATCH {LONG}", 200, {}, {"spec": {"revisionHistoryLimit": 1}}, STRATEGIC),
        until(LONG, {"status.observedGeneration": 2, "status.replicas": 0}),
        Step(f"GET {LONG_POD}", 404),
    ],
    pod_that_is_refused=[
        made(stateful_set({**container(), "image": "IMAGE\n"})),
        until(IT, {"status.observedGeneration": 1}),
        *reconciled(2, 3),
        seen(IT, {"status.replicas": 0}),
        Step(f"GET {POD}", 404),
    ],
    deleted_with_its_pods=[*old(), Step(f"DELETE {IT}"), Step(f"GET {IT}", 404), until_gone(POD)],
    deleted_without_its_pods=[
        *old(),
        Step(f"DELETE {IT}", 200, {}, {"propagationPolicy": "Orphan"}),
        until_gone(IT),
        until(POD, {"metadata.ownerReferences": ABSENT, "metadata.uid": SAME, **READY}),
        made(stateful_set({**container(), "env": OLD})),
        until(POD, {"metadata.ownerReferences": [OWNER], "metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
    ],
    adopted_and_rolled=[
        *old(),
        Step(f"DELETE {IT}", 200, {}, {"propagationPolicy": "Orphan"}),
        until_gone(IT),
        made(stateful_set({**container(), "env": NEW})),
        until(POD, {"metadata.uid": CHANGED, ENV: NEW, **READY}),
    ],
    pod_of_its_name_that_is_not_its_own=[
        made(pod(name="ROW-0", metadata={"labels": {"row": "another"}}, nodeSelector=NOWHERE)),
        made(stateful_set()),
        until(IT, {"status.observedGeneration": 1}),
        *reconciled(2, 3),
        seen(POD, {"metadata.uid": SAME, "metadata.ownerReferences": ABSENT}),
    ],
)
def test_made(steps: list[Step], player: Player) -> None:
    player.play(steps)
