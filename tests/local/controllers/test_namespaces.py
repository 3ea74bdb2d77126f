"""A namespace that is deleted is emptied first, and its pods have their grace."""

from __future__ import annotations

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers import namespaces
from tests.local.controllers.rig import NoLogs, stateful_set


@pytest.fixture
def api() -> Api:
    api = Api(logs=NoLogs())
    api.create({"kind": "Namespace", "metadata": {"name": "tests"}})
    return api


def named(api: Api) -> list[str]:
    return [one["metadata"]["name"] for one in api.list("Namespace")["items"]]


def body(kind: str, name: str) -> Json:
    spec = {"containers": [{"name": "main", "image": "registry/one:1"}]}
    return {"kind": kind, "metadata": {"name": name, "namespace": "tests"}, "spec": spec}


def test_it_goes_when_its_last_pod_has_gone(api: Api) -> None:
    api.create(body("Pod", "running"))
    api.patch("Pod", "running", {"spec": {"nodeName": "local"}}, MERGE, "tests")
    api.create(body("Secret", "token"))
    api.create(body("Event", "told") | {"involvedObject": {"namespace": "tests"}})
    api.create(stateful_set() | {"metadata": {"name": "rig", "namespace": "tests"}})
    api.delete("Namespace", "tests")
    namespaces.reconcile(api)
    left = {kind: len(api.list(kind, "tests")["items"]) for kind in ("Pod", "Secret", "Event", "StatefulSet")}
    assert left == {"Pod": 1, "Secret": 0, "Event": 0, "StatefulSet": 0}
    assert api.get("Pod", "running", "tests")["metadata"]["deletionGracePeriodSeconds"] == 30
    assert api.get("Namespace", "tests")["status"]["phase"] == "Terminating"
    api.delete("Pod", "running", "tests", {"gracePeriodSeconds": 0})
    namespaces.reconcile(api)
    assert named(api) == ["default"]


def test_another_namespace_is_left_alone(api: Api) -> None:
    api.create({"kind": "Secret", "metadata": {"name": "kept", "namespace": "default"}})
    api.delete("Namespace", "tests")
    namespaces.reconcile(api)
    assert named(api) == ["default"]
    assert api.get("Secret", "kept", "default")


def test_a_grace_is_not_begun_anew(api: Api) -> None:
    api.create(body("Pod", "running"))
    api.patch("Pod", "running", {"spec": {"nodeName": "local"}}, MERGE, "tests")
    api.delete("Namespace", "tests")
    namespaces.reconcile(api)
    version = api.version()
    namespaces.reconcile(api)
    assert api.version() == version
    with pytest.raises(ApiError, match="because it is being terminated"):
        api.create(body("Secret", "late"))
