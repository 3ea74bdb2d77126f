"""The StatefulSet controller: which pods it replaces, with which revision, and which it leaves alone."""

from __future__ import annotations

from e2e.conformance.objects import NOWHERE, container, stateful_set
from e2e.conformance.rollouts import (
    ENV,
    HASH,
    IT,
    LEFT_ALONE,
    NEW,
    NEW_TEMPLATE,
    OLD,
    POD,
    REPLACED,
    deleted,
    old,
    patched,
    reconciled,
)
from e2e.conformance.statuses import READY
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    SAME,
    Like,
    Player,
    Step,
    made,
    rows,
    seen,
    until,
)


@rows(
    ready_pod_is_replaced=[*old(), NEW_TEMPLATE, REPLACED],
    pod_that_was_never_ready_is_not=[*old(ready=False), NEW_TEMPLATE, *LEFT_ALONE],
    pod_that_was_never_ready_comes_new_when_deleted=[*old(ready=False), NEW_TEMPLATE, deleted(POD), REPLACED],
    pod_without_image_is_not_replaced=[
        made(stateful_set({**container(), "image": "REGISTRY/none/missing:1", "env": OLD})),
        until(POD, {"status.containerStatuses.0.state.waiting.reason": Like("ErrImagePull|ImagePullBackOff")}),
        NEW_TEMPLATE,
        *LEFT_ALONE,
    ],
    unscheduled_pod_is_not_replaced=[
        made(stateful_set({**container(), "env": OLD}, template={"nodeSelector": NOWHERE})),
        until(POD, {"status.conditions.type=PodScheduled.status": "False"}),
        NEW_TEMPLATE,
        *LEFT_ALONE,
    ],
    parallel_replaces_a_pod_that_was_never_ready=[
        *old(ready=False, podManagementPolicy="Parallel"),
        NEW_TEMPLATE,
        REPLACED,
    ],
    partition_above_it_leaves_the_pod=[
        *old(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
        NEW_TEMPLATE,
        *LEFT_ALONE,
    ],
    partition_above_it_brings_the_old_one_back=[
        *old(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
        NEW_TEMPLATE,
        until(IT, {"status.observedGeneration": 2}),
        deleted(POD),
        until(POD, {"metadata.uid": CHANGED, HASH: SAME, ENV: OLD, **READY}),
    ],
    on_delete_leaves_the_pod=[*old(updateStrategy={"type": "OnDelete"}), NEW_TEMPLATE, *LEFT_ALONE],
    on_delete_brings_the_new_one=[
        *old(updateStrategy={"type": "OnDelete"}),
        until(IT, {"status.currentRevision": Like("^ROW-"), "status.observedGeneration": 1}),
        NEW_TEMPLATE,
        deleted(POD),
        REPLACED,
        until(IT, {"status.currentRevision": SAME, "status.updateRevision": CHANGED, "status.updatedReplicas": 1}),
    ],
    deleted_pod_comes_back=[*old(), deleted(POD), until(POD, {"metadata.uid": CHANGED, HASH: SAME, **READY})],
    metadata_does_not_roll=[
        *old(),
        patched({"metadata": {"annotations": {"a": "1"}}}, {"metadata.generation": 1}),
        *reconciled(2, 3),
        seen(POD, {"metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
    ],
    template_annotation_rolls=[
        *old(),
        patched({"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}}, {"metadata.generation": 2}),
        until(POD, {"metadata.uid": CHANGED, HASH: CHANGED, "metadata.annotations.a": "1", **READY}),
    ],
    rolled_back_to_a_revision_it_had=[
        *old(),
        until(IT, {"status.readyReplicas": 1}),
        NEW_TEMPLATE,
        REPLACED,
        patched({"spec": {"template": {"spec": {"containers": [{"name": "one", "env": OLD}]}}}}),
        until(POD, {"metadata.uid": CHANGED, HASH: CHANGED, ENV: OLD, **READY}),
    ],
    answer_tells_an_old_status=[
        *old(),
        until(IT, {"status.observedGeneration": 1, "status.readyReplicas": 1}),
        patched(
            {"spec": {"template": {"spec": {"containers": [{"name": "one", "env": NEW}]}}}},
            {"metadata.generation": 2, "status": SAME},
        ),
    ],
)
def test_replaced(steps: list[Step], player: Player) -> None:
    player.play(steps)
