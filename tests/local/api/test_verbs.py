"""What a client gets for each verb, in process."""

from __future__ import annotations

from datetime import timedelta

import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import JSON_PATCH, MERGE, STRATEGIC
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import pod, refused, stateful_set


def test_create_fills_in_what_a_server_knows(api: Api) -> None:
    created = api.create(pod())
    assert created["metadata"]["creationTimestamp"] == "2026-11-21T12:00:00Z"
    assert created["metadata"]["namespace"] == "default"
    assert created["spec"]["terminationGracePeriodSeconds"] == 30
    assert created["status"]["phase"] == "Pending"
    assert api.get("Pod", "a", "default") == created
    assert refused(lambda: api.create(pod())) == (409, "AlreadyExists")
    assert refused(lambda: api.create(pod(), "absent")) == (404, "NotFound")


@pytest.mark.parametrize(("body", "type_"), [({}, MERGE), ({}, STRATEGIC), ([], JSON_PATCH)])
def test_an_empty_patch_changes_nothing(api: Api, body: object, type_: str) -> None:
    created = api.create(stateful_set())
    version = api.version()
    assert api.patch("StatefulSet", "s", body, type_, "default") == created
    assert api.version() == version


def test_generation_counts_changes_of_the_spec(api: Api) -> None:
    api.create(stateful_set())
    annotated = api.patch("StatefulSet", "s", {"metadata": {"annotations": {"a": "b"}}}, MERGE, "default")
    assert annotated["metadata"]["generation"] == 1
    assert api.patch("StatefulSet", "s", {"spec": {"replicas": 2}}, MERGE, "default")["metadata"]["generation"] == 2
    uid = annotated["metadata"]["uid"]
    assert api.set_status("StatefulSet", "s", "default", "another", {"replicas": 1}) is None
    status = api.set_status("StatefulSet", "s", "default", uid, {"replicas": 1})
    assert status is not None
    assert status["metadata"]["generation"] == 2
    assert api.set_status("StatefulSet", "s", "default", uid, {"replicas": 1}) == status


@pytest.mark.parametrize(
    ("metadata", "answer"),
    [({"resourceVersion": "1"}, (409, "Conflict")), ({"uid": "another"}, (422, "Invalid"))],
    ids=["stale version", "another uid"],
)
def test_a_patch_of_another_state(api: Api, metadata: Json, answer: tuple[int, str]) -> None:
    api.create(stateful_set())
    assert refused(lambda: api.patch("StatefulSet", "s", {"metadata": metadata}, MERGE, "default")) == answer


def test_a_pod_on_a_node_ends_by_its_grace(api: Api) -> None:
    created = api.create(pod(nodeName="local"))
    deleted = api.delete("Pod", "a", "default")
    assert deleted["metadata"]["deletionGracePeriodSeconds"] == 30
    assert deleted["metadata"]["deletionTimestamp"] == "2026-11-21T12:00:30Z"
    assert api.delete("Pod", "a", "default", {"gracePeriodSeconds": 60}) == deleted
    sooner = api.delete("Pod", "a", "default", {"gracePeriodSeconds": 5})
    assert sooner["metadata"]["deletionTimestamp"] == "2026-11-21T12:00:05Z"
    assert refused(lambda: api.create(pod())) == (409, "AlreadyExists")
    wrong = {"gracePeriodSeconds": 0, "preconditions": {"uid": "another"}}
    assert refused(lambda: api.delete("Pod", "a", "default", wrong)) == (409, "Conflict")
    right = {"gracePeriodSeconds": 0, "preconditions": {"uid": created["metadata"]["uid"]}}
    api.delete("Pod", "a", "default", right)
    assert refused(lambda: api.get("Pod", "a", "default")) == (404, "NotFound")


def test_a_pod_on_no_node_is_gone_at_once(api: Api) -> None:
    api.create(pod())
    api.delete("Pod", "a", "default")
    assert api.list("Pod")["items"] == []


def test_a_namespace_stays_until_it_is_finalized(api: Api) -> None:
    api.create({"kind": "Namespace", "metadata": {"name": "n"}})
    api.create(pod(), "n")
    ending = api.delete("Namespace", "n")
    assert ending["status"]["phase"] == "Terminating"
    assert refused(lambda: api.create(pod("b"), "n")) == (403, "Forbidden")
    ending["spec"]["finalizers"] = []
    api.replace(ending, subresource="finalize")
    assert refused(lambda: api.get("Namespace", "n")) == (404, "NotFound")


def test_orphans_lose_their_owner(api: Api) -> None:
    owner = api.create(stateful_set())
    reference = {"kind": "StatefulSet", "name": "s", "uid": owner["metadata"]["uid"], "apiVersion": "apps/v1"}
    body = pod()
    body["metadata"]["ownerReferences"] = [reference]
    api.create(body)
    api.delete("StatefulSet", "s", "default", {"propagationPolicy": "Orphan"})
    assert "ownerReferences" not in api.get("Pod", "a", "default")["metadata"]


def test_a_watch_tells_what_one_sees_who_looks_at_matches_only(api: Api) -> None:
    api.create(pod("a"))
    version = str(api.version())
    label: Json = {"metadata": {"labels": {"app": "x"}}}
    api.patch("Pod", "a", label, MERGE, "default")
    api.patch("Pod", "a", {"metadata": {"annotations": {"k": "v"}}}, MERGE, "default")
    api.patch("Pod", "a", {"metadata": {"labels": None}}, MERGE, "default")
    api.create(pod("b"))
    events = list(api.watch("Pod", "default", version, 0.01, labels="app=x"))
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event["object"]["metadata"]["name"] for event in api.watch("Pod", "", "", 0.01)] == ["a", "b"]


def test_wait_for_change(api: Api) -> None:
    before = api.version()
    assert api.wait_for_change(before, 0.01) == before
    api.create(pod())
    assert api.wait_for_change(before, timedelta(minutes=1).total_seconds()) == before + 1
