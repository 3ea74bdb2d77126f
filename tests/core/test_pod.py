from __future__ import annotations

import pytest

from bootstrap_monitor.core import pod
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods

OBJECT: JsonObject = {
    "metadata": {
        "name": "test-0",
        "uid": "1234",
        "annotations": {"a": "1"},
        "labels": {"controller-revision-hash": "test-5d8f"},
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [
            {"kind": "StatefulSet", "name": "not-the-controller"},
            {"kind": "Rollout", "name": "other", "controller": True},
            {"kind": "StatefulSet", "name": "test", "controller": True},
        ],
    },
    "spec": {"initContainers": [{"name": "init"}], "containers": [{"name": "avago", "image": "x"}]},
    "status": {
        "initContainerStatuses": [{"name": "init", "state": {"running": {}}}],
        "containerStatuses": [{"name": "avago", "imageID": "y"}],
    },
}
EMPTY: JsonObject = {"metadata": {"name": "empty"}}


def test_views_of_a_full_object() -> None:
    assert pod.annotation(OBJECT, "a") == "1"
    assert pod.revision(OBJECT) == "test-5d8f"
    assert pod.is_terminating(OBJECT)
    assert pod.owner_stateful_set(OBJECT) == "test"
    assert pod.name(OBJECT) == "test-0"
    assert pod.uid(OBJECT) == "1234"
    assert pod.container(OBJECT, "avago") == {"name": "avago", "image": "x"}
    assert pod.container(OBJECT, "init") is None
    assert pod.container_status(OBJECT, "avago") == {"name": "avago", "imageID": "y"}
    assert pod.container_status(OBJECT, "init") is None
    assert pod.container_status(OBJECT, "init", init=True) == {"name": "init", "state": {"running": {}}}


@pytest.mark.parametrize(
    "obj",
    [
        EMPTY,
        {},
        {"metadata": None, "spec": None, "status": None},
        {"metadata": {"annotations": None, "labels": None, "ownerReferences": None}},
        {"spec": {"containers": None}, "status": {"containerStatuses": None}},
    ],
    ids=["name only", "nothing", "nulls", "nulls in metadata", "nulls in lists"],
)
def test_views_of_what_the_api_left_out(obj: JsonObject) -> None:
    assert pod.annotation(obj, "a") is None
    assert pod.revision(obj) is None
    assert not pod.is_terminating(obj)
    assert pod.container(obj, "avago") is None
    assert pod.container_status(obj, "avago") is None
    assert pod.container_status(obj, "avago", init=True) is None
    with pytest.raises(ConfigurationError, match="belongs to no StatefulSet"):
        pod.owner_stateful_set(obj)


@pytest.mark.parametrize(
    ("spec", "seconds"), [({"terminationGracePeriodSeconds": 0}, 0), ({}, 30), (None, 30)], ids=["0", "default", "null"]
)
def test_grace_seconds(spec: JsonObject | None, seconds: int) -> None:
    assert pod.grace_seconds({"spec": spec}) == seconds


def test_required_container_names_those_there_are() -> None:
    present = pods.pod(pods.container("avago"), pods.container("monitor"))

    assert pod.required_container(present, "avago")["name"] == "avago"
    with pytest.raises(ConfigurationError) as caught:
        pod.required_container(present, "node")
    assert "'node'" in caught.value.what
    assert "avago, monitor" in caught.value.check
    assert "--node-container-name" in caught.value.do


@pytest.mark.parametrize(
    ("pod_name", "expected"),
    [
        ("test-0", 0),
        ("test-12", 12),
        ("test-", None),
        ("test", None),
        ("test-01", None),
        ("test--1", None),
        ("test-x", None),
        ("test-\u0661", None),
        ("test-\u00b2", None),
        ("test-0-0", None),
        ("other-0", None),
    ],
)
def test_ordinal(pod_name: str, expected: int | None) -> None:
    assert pod.ordinal(pod_name, "test") == expected
