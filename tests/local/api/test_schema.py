"""Fields that are not known, and values of a wrong type."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import JSON_PATCH, MERGE
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import PODS, pod, refused, stateful_set


@pytest.mark.parametrize(
    "body",
    [
        pod(activeDeadlineSeconds="soon"),
        pod(activeDeadlineSeconds=True),
        pod(hostNetwork="yes"),
        pod(containers={}),
        pod(containers=["one"]),
        pod(containers=[{"name": "a", "image": 1}]),
        {**pod(), "spec": []},
        {**pod(), "metadata": {"name": "a", "annotations": {"k": 1}}},
        {**pod(), "metadata": {"name": 1}},
    ],
)
def test_wrong_types(api: Api, body: Json) -> None:
    assert refused(lambda: api.create(body)) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ({"metadata": {"annotations": {"k": 1}}}, MERGE),
        ({"spec": {"replicas": "many"}}, MERGE),
        ({"spec": 1}, MERGE),
        ({"metadata": 1}, MERGE),
        ([{"op": "replace", "path": "/metadata", "value": 1}], JSON_PATCH),
        ([{"op": "replace", "path": "", "value": []}], JSON_PATCH),
    ],
)
def test_wrong_types_by_a_patch(api: Api, body: Any, type_: str) -> None:
    created = api.create(stateful_set())
    assert refused(lambda: api.patch("StatefulSet", "s", body, type_, "default")) == (400, "BadRequest")
    assert api.get("StatefulSet", "s", "default") == created


def test_what_is_not_known_is_left_out(api: Api, http: httpx.Client) -> None:
    body = pod(unknown=1, priority=None)
    answer = http.post(f"{PODS}?fieldValidation=Strict", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == 'strict decoding error: unknown field "spec.unknown"'
    assert {"unknown", "priority"} & api.create(body)["spec"].keys() == set()


def test_a_quantity_may_be_a_number(api: Api) -> None:
    container = {"name": "a", "image": "x", "resources": {"limits": {"cpu": 2}}}
    created = api.create(pod(containers=[container]))
    assert created["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "2"}}
