"""The templates that a StatefulSet had: their names, their order, and how many are kept."""

from __future__ import annotations

import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.controllers import revisions
from tests.local.controllers.rig import NAMESPACE, NEW, OLD, Rig, stateful_set


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.apply(stateful_set(replicas=0))
    return rig


def stored(rig: Rig) -> dict[str, int]:
    return {one["metadata"]["name"]: one["revision"] for one in rig.api.list("ControllerRevision", NAMESPACE)["items"]}


def image_of(revision: Json) -> str:
    return str(revisions.template(revision)["spec"]["containers"][0]["image"])


def test_a_revision_keeps_its_template(rig: Rig) -> None:
    (revision,) = rig.api.list("ControllerRevision", NAMESPACE)["items"]
    labels = revision["metadata"]["labels"]
    assert revision["metadata"]["name"] == rig.status()["updateRevision"] == f"rig-{labels[revisions.HASH_LABEL]}"
    assert labels["app"] == "rig"
    assert revision["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"
    assert revisions.template(revision) == rig.api.get("StatefulSet", "rig", NAMESPACE)["spec"]["template"]


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"annotations": {"note": "1"}}},
        {"spec": {"replicas": 0, "updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}},
    ],
    ids=["its own annotation", "its strategy"],
)
def test_only_the_template_makes_a_revision(rig: Rig, change: Json) -> None:
    before = rig.status()["updateRevision"]
    rig.patch(change)
    assert rig.status()["updateRevision"] == before
    assert len(stored(rig)) == 1


def test_an_annotation_of_the_template_makes_a_revision_until_it_is_removed(rig: Rig) -> None:
    first = rig.status()["updateRevision"]
    for time in ("now", None):
        annotations = {"kubectl.kubernetes.io/restartedAt": time}
        rig.patch({"spec": {"template": {"metadata": {"annotations": annotations}}}})
        assert (rig.status()["updateRevision"] == first) == (time is None)
    assert stored(rig)[first] == 3


def test_a_template_that_returns_has_its_old_revision_as_the_newest(rig: Rig) -> None:
    first = rig.status()["updateRevision"]
    rig.set_image(NEW)
    second = rig.status()["updateRevision"]
    assert second != first
    rig.set_image(OLD)
    assert rig.status()["updateRevision"] == first
    assert stored(rig) == {first: 3, second: 2}


def test_the_oldest_go_beyond_the_limit_but_none_in_use(rig: Rig) -> None:
    rig.patch({"spec": {"revisionHistoryLimit": 2, "replicas": 1, "updateStrategy": {"type": "OnDelete"}}})
    in_use = rig.status()["currentRevision"]
    rig.ready("rig-0")
    for number in range(2, 8):
        rig.set_image(f"registry/node:{number}")
    kept = rig.api.list("ControllerRevision", NAMESPACE)["items"]
    assert {image_of(one) for one in kept} == {OLD, "registry/node:5", "registry/node:6", "registry/node:7"}
    assert in_use in stored(rig)


def test_a_name_that_another_template_has_is_avoided(rig: Rig) -> None:
    rig.set_image(NEW)
    name = rig.status()["updateRevision"]
    rig.api.delete("StatefulSet", "rig", NAMESPACE, {"propagationPolicy": "Orphan"})
    for one in stored(rig):
        rig.api.delete("ControllerRevision", one, NAMESPACE)
    foreign = {"kind": "ControllerRevision", "metadata": {"name": name}, "data": {"spec": {}}, "revision": 1}
    rig.api.create(foreign, NAMESPACE)
    rig.apply(stateful_set(replicas=0, image=NEW))
    assert rig.status()["updateRevision"] != name
    assert rig.status()["collisionCount"] == 1


def test_a_hash_is_short_and_changes_with_what_is_hashed() -> None:
    hashes = {revisions.hash_of({"image": str(number)}, collisions) for number in range(50) for collisions in (0, 1)}
    assert len(hashes) == 100
    assert all(len(one) <= 10 and set(one) <= set(revisions.ALPHABET) for one in hashes)
    assert revisions.hash_of({"a": 1, "b": 2}, 0) == revisions.hash_of({"b": 2, "a": 1}, 0)
