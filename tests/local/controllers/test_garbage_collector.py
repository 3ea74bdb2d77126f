"""What is deleted after its owners, and what is not."""

from __future__ import annotations

import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import garbage_collector
from tests.local.controllers.rig import NAMESPACE, NoLogs


@pytest.fixture
def api() -> Api:
    return Api(logs=NoLogs())


def made(api: Api, kind: str, name: str, *owners: Json, namespace: str = NAMESPACE) -> Json:
    spec = {"containers": [{"name": "main", "image": "registry/one:1"}]} if kind == "Pod" else {}
    metadata = {"name": name, "namespace": namespace, "ownerReferences": list(owners)}
    return api.create({"kind": kind, "metadata": metadata, "spec": spec})


def owned_by(owner: Json, **wrong: str) -> Json:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"]}
    return reference | {field: owner["metadata"][field] for field in ("name", "uid")} | wrong


def names(api: Api, kind: str) -> list[str]:
    return [one["metadata"]["name"] for one in api.list(kind)["items"]]


@pytest.mark.parametrize(
    ("wrong", "kept"),
    [
        ({}, True),
        ({"uid": "another"}, False),
        ({"name": "another"}, False),
        ({"kind": "ConfigMap"}, False),
        ({"apiVersion": "batch/v1", "kind": "Job"}, True),
    ],
    ids=["there", "wrong uid", "wrong name", "wrong kind", "of a kind that is not known"],
)
def test_a_pod_stays_with_its_owner(api: Api, wrong: dict[str, str], kept: bool) -> None:
    owner = made(api, "Pod", "owner")
    made(api, "Pod", "owned", owned_by(owner, **wrong))
    garbage_collector.reconcile(api)
    assert names(api, "Pod") == (["owned", "owner"] if kept else ["owner"])


def test_one_owner_is_enough(api: Api) -> None:
    one, other = made(api, "Pod", "one"), made(api, "Pod", "other")
    made(api, "Secret", "owned", owned_by(one), owned_by(other))
    api.delete("Pod", "one", NAMESPACE)
    garbage_collector.reconcile(api)
    assert names(api, "Secret") == ["owned"]
    api.delete("Pod", "other", NAMESPACE)
    garbage_collector.reconcile(api)
    assert names(api, "Secret") == []


def test_an_owner_that_terminates_is_there(api: Api) -> None:
    owner = made(api, "Pod", "owner")
    api.patch("Pod", "owner", {"spec": {"nodeName": "local"}}, MERGE, NAMESPACE)
    made(api, "Pod", "owned", owned_by(owner))
    api.delete("Pod", "owner", NAMESPACE)
    garbage_collector.reconcile(api)
    assert names(api, "Pod") == ["owned", "owner"]


def test_a_pod_on_a_node_has_its_grace(api: Api) -> None:
    made(api, "Pod", "owned", owned_by({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": "a"}}))
    api.patch("Pod", "owned", {"spec": {"nodeName": "local"}}, MERGE, NAMESPACE)
    garbage_collector.reconcile(api)
    assert api.get("Pod", "owned", NAMESPACE)["metadata"]["deletionGracePeriodSeconds"] == 30


def test_an_owner_of_another_namespace_is_none(api: Api) -> None:
    api.create({"kind": "Namespace", "metadata": {"name": "elsewhere"}})
    owner = made(api, "ConfigMap", "owner", namespace="elsewhere")
    made(api, "ConfigMap", "owned", owned_by(owner))
    garbage_collector.reconcile(api)
    assert names(api, "ConfigMap") == ["owner"]


def test_an_owner_without_a_namespace_is_found(api: Api) -> None:
    owner = api.get("Namespace", NAMESPACE)
    made(api, "ConfigMap", "owned", owned_by(owner))
    garbage_collector.reconcile(api)
    assert names(api, "ConfigMap") == ["owned"]
