"""What the StatefulSet controller makes of what it finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.controllers.rig import NAMESPACE, NEW, OLD, Rig, is_terminating, stateful_set


def test_a_pod_has_its_number_its_owner_and_its_volume(rig: Rig) -> None:
    made = rig.apply(stateful_set(claims=("data",)))
    pod = rig.pods()["rig-0"]
    revision = rig.status()["updateRevision"]
    assert pod["metadata"]["labels"] == {
        "app": "rig",
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": "rig-0",
        "apps.kubernetes.io/pod-index": "0",
    }
    assert pod["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "name": "rig",
            "uid": made["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("rig-0", "nodes")
    assert pod["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-rig-0"}}]
    claim = rig.api.get("PersistentVolumeClaim", "data-rig-0", NAMESPACE)
    assert claim["metadata"]["labels"] == {"app": "rig"}
    assert claim["spec"]["resources"] == {"requests": {"storage": "1Gi"}}
    assert "ownerReferences" not in claim["metadata"]
    assert rig.events("SuccessfulCreate") == {
        "create Claim data-rig-0 Pod rig-0 in StatefulSet rig success",
        "create Pod rig-0 in StatefulSet rig successful",
    }


def test_a_claim_takes_the_place_of_a_volume_of_its_name(rig: Rig) -> None:
    body = stateful_set(claims=("data",))
    body["spec"]["template"]["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "more", "emptyDir": {}}]
    rig.apply(body)
    volumes = rig.pods()["rig-0"]["spec"]["volumes"]
    assert [volume["name"] for volume in volumes] == ["data", "more"]
    assert "persistentVolumeClaim" in volumes[0]


def test_ordered_ready_waits_for_each_pod(rig: Rig) -> None:
    rig.apply(stateful_set(replicas=3))
    assert list(rig.pods()) == ["rig-0"]
    rig.set_pod("rig-0", "Running")
    assert list(rig.pods()) == ["rig-0"]
    rig.ready("rig-0")
    assert list(rig.pods()) == ["rig-0", "rig-1"]
    rig.ready("rig-1", "rig-2")
    revision = rig.status()["updateRevision"]
    assert rig.status() == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }


def test_ordered_ready_scales_down_from_the_top_one_by_one(rig: Rig) -> None:
    rig.apply(stateful_set(replicas=3))
    rig.ready("rig-0", "rig-1", "rig-2")
    rig.patch({"spec": {"replicas": 1}})
    assert [name for name, pod in rig.pods().items() if is_terminating(pod)] == ["rig-2"]
    status = rig.status()
    assert (status["replicas"], status["readyReplicas"], status["currentReplicas"]) == (3, 3, 2)
    rig.gone("rig-2")
    assert [name for name, pod in rig.pods().items() if is_terminating(pod)] == ["rig-1"]
    rig.gone("rig-1")
    assert list(rig.pods()) == ["rig-0"]


@pytest.mark.parametrize(
    ("unready", "deleted"),
    [(["rig-2"], ["rig-2"]), (["rig-1"], ["rig-2"]), (["rig-1", "rig-2"], []), (["rig-0", "rig-2"], [])],
)
def test_ordered_ready_scales_down_no_pod_above_one_that_is_not_ready_either(
    rig: Rig, unready: list[str], deleted: list[str]
) -> None:
    rig.apply(stateful_set(replicas=3))
    rig.ready("rig-0", "rig-1", "rig-2")
    for name in unready:
        rig.set_pod(name, "Running")
    rig.patch({"spec": {"replicas": 1}})
    assert [name for name, pod in rig.pods().items() if is_terminating(pod)] == deleted


def test_parallel_creates_and_scales_down_at_once(rig: Rig) -> None:
    rig.apply(stateful_set(replicas=3, podManagementPolicy="Parallel"))
    assert list(rig.pods()) == ["rig-0", "rig-1", "rig-2"]
    for name in rig.pods():
        rig.set_pod(name, "Running")
    rig.patch({"spec": {"replicas": 0}})
    assert all(is_terminating(pod) for pod in rig.pods().values())


def test_scaled_to_zero_and_back_it_has_its_claim_and_the_new_template(rig: Rig) -> None:
    rig.apply(stateful_set(claims=("data",)))
    rig.ready("rig-0")
    claim = rig.api.get("PersistentVolumeClaim", "data-rig-0", NAMESPACE)
    rig.patch({"spec": {"replicas": 0}})
    rig.gone("rig-0")
    assert (rig.pods(), rig.status()["replicas"]) == ({}, 0)
    rig.set_image(NEW)
    assert rig.status()["currentRevision"] == rig.status()["updateRevision"]
    rig.patch({"spec": {"replicas": 1}})
    assert rig.images() == {"rig-0": NEW}
    assert rig.api.get("PersistentVolumeClaim", "data-rig-0", NAMESPACE) == claim


@pytest.mark.parametrize(("image", "terminated"), [(OLD, False), (NEW, True)], ids=["same template", "another"])
def test_orphans_are_adopted_by_the_next_of_that_name(rig: Rig, image: str, terminated: bool) -> None:
    rig.apply(stateful_set())
    rig.ready("rig-0")
    before = rig.pods()["rig-0"]["metadata"]["uid"]
    rig.api.delete("StatefulSet", "rig", NAMESPACE, {"propagationPolicy": "Orphan"})
    rig.turns()
    assert "ownerReferences" not in rig.pods()["rig-0"]["metadata"]
    made = rig.apply(stateful_set(image=image))
    pod = rig.pods()["rig-0"]
    assert (pod["metadata"]["uid"], is_terminating(pod)) == (before, terminated)
    assert [owner["uid"] for owner in pod["metadata"]["ownerReferences"]] == [made["metadata"]["uid"]]
    assert len(rig.api.list("ControllerRevision", NAMESPACE)["items"]) == 1 + terminated


def test_a_pod_of_somebody_else_is_left_alone(rig: Rig) -> None:
    spec = {"containers": [{"name": "main", "image": OLD}]}
    rig.api.create({"kind": "Pod", "metadata": {"name": "rig-0", "labels": {"app": "other"}}, "spec": spec}, NAMESPACE)
    rig.apply(stateful_set())
    assert rig.pods()["rig-0"]["metadata"]["labels"] == {"app": "other"}
    assert rig.events("FailedCreate") == set()
    rig.gone("rig-0")
    rig.clock.advance(1)
    rig.turns()
    assert rig.pods()["rig-0"]["metadata"]["labels"]["app"] == "rig"


@pytest.mark.parametrize(
    ("when_deleted", "when_scaled", "owner_kinds", "condemned_kinds"),
    [
        ("Retain", "Retain", [], []),
        ("Delete", "Retain", ["StatefulSet"], ["StatefulSet"]),
        ("Retain", "Delete", [], ["Pod"]),
        ("Delete", "Delete", ["StatefulSet"], ["Pod"]),
    ],
)
def test_a_claim_is_owned_by_whom_it_goes_with(
    rig: Rig, when_deleted: str, when_scaled: str, owner_kinds: list[str], condemned_kinds: list[str]
) -> None:
    def kinds() -> list[str]:
        claim = rig.api.get("PersistentVolumeClaim", "data-rig-0", NAMESPACE)
        return [owner["kind"] for owner in claim["metadata"].get("ownerReferences") or []]

    policy = {"whenDeleted": when_deleted, "whenScaled": when_scaled}
    rig.apply(stateful_set(claims=("data",), persistentVolumeClaimRetentionPolicy=policy))
    rig.ready("rig-0")
    assert kinds() == owner_kinds
    rig.patch({"spec": {"replicas": 0}})
    assert kinds() == condemned_kinds
    rig.patch({"spec": {"replicas": 1}})
    assert kinds() == owner_kinds


def test_a_pod_waits_for_the_end_of_a_claim_that_goes_with_an_earlier_one(rig: Rig) -> None:
    policy = {"whenScaled": "Delete"}
    rig.apply(stateful_set(claims=("data",), persistentVolumeClaimRetentionPolicy=policy))
    rig.ready("rig-0")
    rig.patch({"spec": {"replicas": 0}})
    rig.gone("rig-0")
    rig.patch({"spec": {"replicas": 1}})
    assert rig.pods() == {}
    rig.api.delete("PersistentVolumeClaim", "data-rig-0", NAMESPACE)
    rig.turns()
    assert list(rig.pods()) == ["rig-0"]


def test_a_claim_that_is_deleted_under_a_pod_that_waits_is_made_again(rig: Rig) -> None:
    rig.apply(stateful_set(claims=("data",)))
    rig.api.delete("PersistentVolumeClaim", "data-rig-0", NAMESPACE)
    rig.turns()
    assert rig.api.get("PersistentVolumeClaim", "data-rig-0", NAMESPACE)


def test_numbers_may_begin_elsewhere(rig: Rig) -> None:
    strategy: dict[str, Any] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    body = stateful_set(replicas=2, ordinals={"start": 5}, updateStrategy=strategy, podManagementPolicy="Parallel")
    rig.apply(body)
    rig.ready("rig-5", "rig-6")
    rig.set_image(NEW)
    rig.gone("rig-6")
    assert rig.images() == {"rig-5": OLD, "rig-6": NEW}


@pytest.mark.parametrize("image", [f"{NEW}\n", f" {NEW}", f"{NEW} "])
def test_a_bad_image_costs_the_pod_that_is_ready(rig: Rig, image: str) -> None:
    rig.apply(stateful_set())
    rig.ready("rig-0")
    rig.set_image(image)
    rig.gone("rig-0")
    assert rig.pods() == {}
    (message,) = rig.events("FailedCreate")
    assert message.startswith('create Pod rig-0 in StatefulSet rig failed error: Pod "rig-0" is invalid: ')
    assert "must not have leading or trailing whitespace" in message
    status = rig.status()
    assert (status["observedGeneration"], status["replicas"]) == (2, 0)
    rig.set_image(NEW)
    assert rig.images() == {"rig-0": NEW}


def test_a_name_that_is_too_long_for_the_label_of_its_pods(rig: Rig) -> None:
    name = "a" * 60
    rig.apply(stateful_set(name))
    assert rig.pods() == {}
    (message,) = rig.events("FailedCreate")
    assert "must be no more than 63" in message


def test_a_refused_pod_is_tried_again_less_and_less_often(rig: Rig) -> None:
    rig.apply(stateful_set(image=f"{NEW}\n"))

    def tried() -> int:
        (event,) = rig.api.list("Event", NAMESPACE, fields="reason=FailedCreate")["items"]
        return int(event["count"])

    counts = []
    for seconds in (0.004, 0.001, 0.009, 0.001, 10, 0.001):
        rig.clock.advance(seconds)
        rig.turns()
        counts.append(tried())
    assert counts == [1, 2, 2, 3, 4, 4]
