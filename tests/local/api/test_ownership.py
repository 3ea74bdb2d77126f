"""Server-side apply, and who owns what afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.objects import Json, copied
from e2e.clusters.local.api.patches import APPLY, JSON_PATCH, MERGE, STRATEGIC
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import refused, stateful_set

IMAGE = '.spec.template.spec.containers[name="b"].image'
OF_IMAGE = 'f:spec f:template f:spec f:containers k:{"name":"b"} f:image'


def apply(api: Api, body: Json, manager: str = "tool", *, force: bool = False) -> Json:
    return api.patch("StatefulSet", "s", body, APPLY, "default", manager=manager, force=force)


def pin(api: Api, image: str = "pinned", manager: str = "program") -> Json:
    body = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": image}]}}}}
    return api.patch("StatefulSet", "s", body, STRATEGIC, "default", manager=manager)


def owned(body: Json, manager: str) -> set[str]:
    def leaves(fields: Json, path: str) -> Iterator[str]:
        for name, below in fields.items():
            yield from leaves(below, f"{path} {name}") if below else [f"{path} {name}"]

    entries = body["metadata"].get("managedFields", [])
    return {leaf.strip() for one in entries if one["manager"] == manager for leaf in leaves(one["fieldsV1"], "")}


def images(body: Json) -> list[Any]:
    return [one.get("image") for one in body["spec"]["template"]["spec"]["containers"]]


def without_image() -> Json:
    body = stateful_set()
    del body["spec"]["template"]["spec"]["containers"][1]["image"]
    return body


def test_an_apply_makes_the_object_and_changes_nothing_the_second_time(api: Api) -> None:
    created = apply(api, stateful_set())
    assert created["metadata"]["generation"] == 1
    assert OF_IMAGE in owned(created, "tool")
    assert apply(api, stateful_set()) == created


def test_a_field_that_another_has_changed_since(api: Api) -> None:
    apply(api, stateful_set())
    pinned = pin(api)
    assert owned(pinned, "program") == {OF_IMAGE}
    assert OF_IMAGE not in owned(pinned, "tool")
    with pytest.raises(ApiError) as caught:
        apply(api, stateful_set())
    assert caught.value.status == 409
    assert caught.value.message == f'Apply failed with 1 conflict: conflict with "program" using apps/v1: {IMAGE}'
    assert caught.value.details["causes"][0]["field"] == IMAGE
    forced = apply(api, stateful_set(), force=True)
    assert (images(forced)[1], owned(forced, "program")) == ("registry/one:tag", set())


def test_several_conflicts_are_named(api: Api) -> None:
    apply(api, stateful_set(labels={"k": "v"}))
    pin(api)
    api.patch("StatefulSet", "s", {"metadata": {"labels": {"k": "w"}}}, MERGE, "default", manager="person")
    with pytest.raises(ApiError) as caught:
        apply(api, stateful_set(labels={"k": "v"}))
    program = f'conflicts with "program" using apps/v1:\n- {IMAGE}'
    person = 'conflicts with "person" using apps/v1:\n- .metadata.labels.k'
    assert caught.value.message == f"Apply failed with 2 conflicts: {program}\n{person}"


def test_a_manager_that_leaves_the_field_to_its_owner(api: Api) -> None:
    api.create(stateful_set(), manager="person")
    pin(api)
    again = apply(api, without_image())
    assert apply(api, without_image()) == again
    assert (images(again)[1], again["metadata"]["generation"]) == ("pinned", 2)
    assert OF_IMAGE not in owned(again, "tool")


def test_two_managers_may_own_the_same_value(api: Api) -> None:
    apply(api, stateful_set())
    shared = apply(api, stateful_set(), "other")
    assert OF_IMAGE in owned(shared, "tool") & owned(shared, "other")
    assert images(apply(api, without_image()))[1] == "registry/one:tag"
    assert refused(lambda: apply(api, without_image(), "other")) == (422, "Invalid")


def test_what_a_manager_stops_naming_is_gone(api: Api) -> None:
    body = stateful_set(annotations={"mine": "1"})
    apply(api, body)
    api.patch("StatefulSet", "s", {"metadata": {"annotations": {"theirs": "1"}}}, MERGE, "default", manager="person")
    left = copied(body)
    del left["spec"]["template"]["spec"]["containers"][2]
    left["metadata"]["annotations"] = {}
    after = apply(api, left)
    assert len(images(after)) == 2
    assert after["metadata"]["annotations"] == {"theirs": "1"}


def test_a_status_has_owners_of_its_own(api: Api) -> None:
    apply(api, stateful_set())
    status: Json = {"status": {"replicas": 1}}
    after = api.patch("StatefulSet", "s", status, MERGE, "default", subresource="status", manager="controller")
    assert owned(after, "controller") == {"f:status f:replicas"}
    assert after["metadata"]["managedFields"][1]["subresource"] == "status"


def test_owners_can_be_put_another_way(api: Api) -> None:
    """As `kubectl apply --server-side` does after a client-side one."""
    created = api.create(stateful_set(), manager="client")
    entries = [{**created["metadata"]["managedFields"][0], "manager": "kubectl", "operation": "Apply"}]
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": entries}]
    after = api.patch("StatefulSet", "s", patch, JSON_PATCH, "default", manager="kubectl")
    assert (owned(after, "client"), owned(after, "kubectl")) == (set(), owned(created, "client"))


def test_an_apply_has_a_manager(api: Api) -> None:
    assert refused(lambda: apply(api, stateful_set(), "")) == (422, "Invalid")


@pytest.mark.parametrize(
    ("body", "manager"),
    [
        (stateful_set("other"), "tool"),
        (stateful_set("s", managedFields=[{}]), "tool"),
        ([], "tool"),
    ],
    ids=["another name", "owners given", "no object"],
)
def test_bad_requests(api: Api, body: Any, manager: str) -> None:
    assert refused(lambda: apply(api, body, manager)) == (400, "BadRequest")
