"""The StatefulSet controller: which pods it replaces, with which revision, and which it leaves alone."""

from __future__ import annotations

from e2e.conformance.objects import NOWHERE, container, stateful_set
from e2e.conformance.rollouts import (
    ENV,
    HASH,
    IT,
    LEFT_ALONE,
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
    Of,
    Player,
    Step,
    made,
    rows,
    seen,
    until,
)
from e2e.kit.api import STRATEGIC


@rows(
    ready_pod_is_replaced=[
        *old(),
        until(IT, {"status.readyReplicas": 1}),
        Step(NEW_TEMPLATE.request, 200, {"status": SAME}, NEW_TEMPLATE.body, STRATEGIC),
        REPLACED,
        Step(
            "GET ControllerRevision",
            200,
            {"items.*.metadata.labels.row": ["ROW", "ROW"]},
            parameters={"labelSelector": "row=ROW"},
        ),
    ],
    pod_that_was_never_ready_is_not=[
        *old(ready=False),
        NEW_TEMPLATE,
        *LEFT_ALONE,
        deleted(POD),
        REPLACED,
    ],
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
    partition_above_it_brings_the_old_one_back=[
        *old(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
        NEW_TEMPLATE,
        *LEFT_ALONE,
        deleted(POD),
        until(POD, {"metadata.uid": CHANGED, HASH: SAME, ENV: OLD, **READY}),
    ],
    on_delete_replaces_what_is_deleted=[
        *old(updateStrategy={"type": "OnDelete"}),
        NEW_TEMPLATE,
        *LEFT_ALONE,
        seen(IT, {"status.currentRevision": Of(POD, HASH)}),
        deleted(POD),
        REPLACED,
        until(
            IT, {"status.currentRevision": SAME, "status.updateRevision": Of(POD, HASH), "status.updatedReplicas": 1}
        ),
    ],
    deleted_pod_comes_back=[*old(), deleted(POD), until(POD, {"metadata.uid": CHANGED, HASH: SAME, **READY})],
    annotation_rolls_in_the_template_only=[
        *old(),
        patched({"metadata": {"annotations": {"a": "1"}}}, {"metadata.generation": 1}),
        *reconciled(2, 3),
        seen(POD, {"metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
        patched({"spec": {"template": {"metadata": {"annotations": {"a": "1"}}}}}, {"metadata.generation": 4}),
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
)
def test_replaced(steps: list[Step], player: Player) -> None:
    player.play(steps)
