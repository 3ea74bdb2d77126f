"""What is refused with 422, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import pod, refused, stateful_set

TEMPLATE = {"metadata": {"labels": {"app": "s"}}}
ENDING_TEMPLATE = {**TEMPLATE, "spec": {"activeDeadlineSeconds": 1, "containers": [{"name": "a", "image": "x"}]}}
REFERENCE = {"apiVersion": "v1", "kind": "Pod", "name": "a"}
EVENT = {"kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": "x"}}


def causes(api: Api, body: Json) -> list[tuple[str, str]]:
    with pytest.raises(ApiError) as caught:
        api.create(body)
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")
    return [(cause["field"], cause["reason"].removeprefix("FieldValue")) for cause in caught.value.details["causes"]]


def containers(*each: Json, **spec: Any) -> Json:
    return pod(containers=list(each), **spec)


def named(name: str, **metadata: Any) -> Json:
    return {"kind": "Pod", "metadata": {"name": name, **metadata}, "spec": pod()["spec"]}


REFUSED: dict[str, tuple[Json, str]] = {
    "no containers": (containers(), "spec.containers Required"),
    "no image": (containers({"name": "a"}), "spec.containers[0].image Required"),
    "no name of a container": (containers({"image": "a"}), "spec.containers[0].name Required"),
    "name of a container": (containers({"name": "A_b", "image": "a"}), "spec.containers[0].name Invalid"),
    "two of a name": (
        containers({"name": "a", "image": "x"}, {"name": "a", "image": "x"}),
        "spec.containers[1].name Duplicate",
    ),
    "line break": (containers({"name": "a", "image": "x\n"}), "spec.containers[0].image Invalid"),
    "variable": (
        containers({"name": "a", "image": "x", "env": [{"value": "b"}]}),
        "spec.containers[0].env[0].name Required",
    ),
    "mount": (
        containers({"name": "a", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}),
        "spec.containers[0].volumeMounts[0].name NotFound",
    ),
    "policy": (containers({"name": "a", "image": "x"}, restartPolicy="Often"), "spec.restartPolicy NotSupported"),
    "deadline": (
        containers({"name": "a", "image": "x"}, activeDeadlineSeconds=0),
        "spec.activeDeadlineSeconds Invalid",
    ),
    "two causes": (containers(restartPolicy="Often"), "spec.restartPolicy NotSupported, spec.containers Required"),
    "no name": (named(""), "metadata.name Required"),
    "capital": (named("Capital"), "metadata.name Invalid"),
    "long name": (named("a" * 254), "metadata.name Invalid"),
    "long label": (named("a", labels={"k": "v" * 64}), "metadata.labels Invalid"),
    "label": (named("a", labels={"k": "-v"}), "metadata.labels Invalid"),
    "key of a label": (named("a", labels={"not one": "v"}), "metadata.labels Invalid"),
    "key of an annotation": (named("a", annotations={"a/b/c": "v"}), "metadata.annotations Invalid"),
    "large annotations": (named("a", annotations={"k": "v" * 262_144}), "metadata.annotations TooLong"),
    "owner": (named("a", ownerReferences=[REFERENCE]), "metadata.ownerReferences.uid Invalid"),
    "namespace": ({"kind": "Namespace", "metadata": {"name": "a.b"}}, "metadata.name Invalid"),
    "event of elsewhere": (EVENT, "involvedObject.namespace Invalid"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(api: Api, case: str) -> None:
    body, expected = REFUSED[case]
    assert ", ".join(" ".join(cause) for cause in causes(api, body)) == expected


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"selector": {}}, "spec.selector"),
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"podManagementPolicy": "Any"}, "spec.podManagementPolicy"),
        ({"updateStrategy": {"type": "Any"}}, "spec.updateStrategy.type"),
        ({"updateStrategy": {"rollingUpdate": {"partition": -1}}}, "spec.updateStrategy.rollingUpdate.partition"),
        ({"replicas": -1}, "spec.replicas"),
        ({"template": TEMPLATE}, "spec.template.spec.containers"),
        ({"template": ENDING_TEMPLATE}, "spec.template.spec.activeDeadlineSeconds"),
    ],
    ids=str,
)
def test_a_stateful_set_that_cannot_be(api: Api, spec: Json, field: str) -> None:
    body = stateful_set()
    body["spec"] |= spec
    assert [cause[0] for cause in causes(api, body)] == [field]


@pytest.mark.parametrize("image", ["x\n", "with blanks", "CAPITALS"])
def test_a_template_takes_any_image(api: Api, image: str) -> None:
    body = stateful_set()
    body["spec"]["template"]["spec"]["containers"][0]["image"] = image
    assert api.create(body)["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_names_that_are_made(api: Api) -> None:
    body = pod()
    body["metadata"] = {"generateName": "probe-"}
    names = {api.create(body)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert {(name[:6], len(name)) for name in names} == {("probe-", 11)}


@pytest.mark.parametrize(
    ("kind", "spec", "is_refused"),
    [
        ("StatefulSet", {"serviceName": "other"}, True),
        ("StatefulSet", {"podManagementPolicy": "Parallel"}, True),
        ("StatefulSet", {"volumeClaimTemplates": [{"metadata": {"name": "v"}}]}, True),
        ("StatefulSet", {"minReadySeconds": 1, "revisionHistoryLimit": 1, "replicas": 0}, False),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}, False),
        ("StatefulSet", {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}, False),
        ("Pod", {"containers": [{"name": "main", "image": "registry/one:new"}]}, False),
        ("Pod", {"containers": [{"name": "other", "image": "x"}]}, True),
        ("Pod", {"restartPolicy": "Never"}, True),
        ("Pod", {"activeDeadlineSeconds": 5}, False),
        ("Pod", {"nodeName": "elsewhere"}, True),
    ],
)
def test_what_an_update_may_change(api: Api, kind: str, spec: Json, is_refused: bool) -> None:
    body = pod("x", nodeName="local") if kind == "Pod" else stateful_set("x")
    api.create(body)
    if is_refused:
        assert refused(lambda: api.patch(kind, "x", {"spec": spec}, MERGE, "default")) == (422, "Invalid")
        assert api.get(kind, "x", "default")["metadata"].get("generation", 1) == 1
    else:
        api.patch(kind, "x", {"spec": spec}, MERGE, "default")


def test_annotations_hold_strings(api: Api) -> None:
    api.create(pod())
    patch = {"metadata": {"annotations": {"k": 1}}}
    assert refused(lambda: api.patch("Pod", "a", patch, MERGE, "default")) == (400, "BadRequest")
