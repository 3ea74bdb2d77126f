"""The StatefulSet controller: which pods it replaces, with which revision, and which it leaves alone."""

from __future__ import annotations

from typing import Any

from e2e.conformance.objects import NOWHERE, SLEEPS, container, pod, stateful_set
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    PRESENT,
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
from e2e.kit.api import STRATEGIC, Json

IT, POD, SECOND = "StatefulSet/ROW", "Pod/ROW-0", "Pod/ROW-1"
CLAIM = "PersistentVolumeClaim/data-ROW-0"
HASH = "metadata.labels.controller-revision-hash"
READY = {"status.conditions.type=Ready.status": "True"}
NEVER_READY = container(readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1})
RUNS = {"status.phase": "Running"}
OLD, NEW = [{"name": "V", "value": "old"}], [{"name": "V", "value": "new"}]
ENV = "spec.containers.0.env"
CLAIMED: Any = {
    "volumeClaimTemplates": [
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }
    ]
}
TELLS = f'if [ -e "$DATA/been" ]; then echo kept; else echo new; touch "$DATA/been"; fi; {SLEEPS}'
COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
OWNER = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "name": "ROW",
    "uid": Of(IT, "metadata.uid"),
    "controller": True,
    "blockOwnerDeletion": True,
}


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


@rows(
    pod_of_one=[
        *old(serviceName="none"),
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
    ],
    status_of_one=[
        *old(),
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
    status_of_one_that_is_not_ready=[
        *old(ready=False),
        until(IT, {"status.replicas": 1, "status.currentReplicas": 1, "status.updatedReplicas": 1}),
        seen(IT, {"status.readyReplicas": ABSENT, "status.availableReplicas": 0}),
    ],
    revisions=[
        *old(),
        NEW_TEMPLATE,
        REPLACED,
        Step(
            "GET ControllerRevision",
            200,
            {"items.*.revision": [1, 2]},
            parameters={"labelSelector": "row=ROW"},
            waits=True,
        ),
    ],
    second_waits_for_the_first=[
        *old(ready=False, replicas=2),
        *reconciled(2, 3, 4),
        seen(IT, {"status.replicas": 1}),
        Step(f"GET {SECOND}", 404),
    ],
    second_comes_after_the_first=[*old(replicas=2), until(SECOND, READY)],
    parallel_waits_for_none=[*old(ready=False, replicas=2, podManagementPolicy="Parallel"), until(SECOND, RUNS)],
    scaled_down_from_the_end=[
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
    claim_of_one=[
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
    ],
    claim_outlives_the_pod=[
        *with_claim(),
        seen(CLAIM, {}),
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
