"""Which objects a controller takes for its own."""

from __future__ import annotations

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import owners
from tests.local.controllers.rig import NAMESPACE, NoLogs, stateful_set


@pytest.fixture
def api() -> Api:
    return Api(logs=NoLogs())


@pytest.fixture
def owner(api: Api) -> Json:
    return api.create(stateful_set())


def pod(api: Api, *references: Json) -> Json:
    spec = {"containers": [{"name": "main", "image": "registry/one:1"}], "nodeName": "local"}
    metadata = {"name": "rig-0", "namespace": NAMESPACE, "ownerReferences": list(references)}
    return api.create({"kind": "Pod", "metadata": metadata, "spec": spec})


def stored_owners(api: Api) -> list[str]:
    return [one["uid"] for one in owners.of(api.get("Pod", "rig-0", NAMESPACE))]


def test_one_of_its_own_is_claimed_as_it_is(api: Api, owner: Json) -> None:
    body = pod(api, owners.reference(owner))
    assert owners.claimed(api, [body], owner) == [body]
    assert api.get("Pod", "rig-0", NAMESPACE) == body


def test_one_without_a_controller_is_adopted(api: Api, owner: Json) -> None:
    other = owners.reference(owner) | {"uid": "another", "controller": False}
    (adopted,) = owners.claimed(api, [pod(api, other)], owner)
    assert [one["uid"] for one in owners.of(adopted)] == ["another", owner["metadata"]["uid"]]
    assert stored_owners(api) == ["another", owner["metadata"]["uid"]]


def test_one_of_another_controller_is_not(api: Api, owner: Json) -> None:
    assert owners.claimed(api, [pod(api, owners.reference(owner) | {"uid": "another"})], owner) == []
    assert stored_owners(api) == ["another"]


def test_one_that_terminates_is_not_adopted(api: Api, owner: Json) -> None:
    pod(api)
    body = api.delete("Pod", "rig-0", NAMESPACE)
    assert owners.claimed(api, [body], owner) == []
    assert stored_owners(api) == []


def test_an_owner_that_was_replaced_meanwhile_adopts_none(api: Api, owner: Json) -> None:
    api.delete("StatefulSet", "rig", NAMESPACE)
    body = pod(api)
    with pytest.raises(ApiError, match="not found"):
        owners.claimed(api, [body], owner)
    api.create(stateful_set())
    assert owners.claimed(api, [body], owner) == []
    assert stored_owners(api) == []


def test_an_object_that_was_replaced_meanwhile_gets_no_owner(api: Api, owner: Json) -> None:
    body = pod(api)
    api.delete("Pod", "rig-0", NAMESPACE, {"gracePeriodSeconds": 0})
    pod(api)
    with pytest.raises(ApiError, match="field is immutable"):
        owners.claimed(api, [body], owner)
    assert stored_owners(api) == []
