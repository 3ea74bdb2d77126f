"""Objects that nothing runs: made, refused, found and watched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from e2e.conformance.objects import NOWHERE, config_map, idle_pod, pod
from e2e.conformance.table import ABSENT, SAME, Like, Player, Step, made, refused, rows, seen
from e2e.kit.api import Api, Json
from e2e.kit.cluster import Cluster

IT = "Pod/ROW"
DIGEST = "sha256:" + "0" * 64
WATCH_SECONDS = 10


def invalid(body: Json, message: str, *fields: str) -> Step:
    """Refused, and these fields are named."""
    step = refused(f"POST {body['kind']}", 422, "Invalid", message, body)
    return Step(step.request, step.status, {**step.expected, "details.causes.*.field": list(fields)}, body)


def plain_pod(*images: str) -> Json:
    """A pod that says as little as it can."""
    containers = [{"name": f"container-{number}", "image": image} for number, image in enumerate(images)]
    spec = {"nodeSelector": NOWHERE, "containers": containers}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ROW"}, "spec": spec}


def event(namespace: str = "NAMESPACE", **fields: Any) -> Json:
    """About a pod that there need not be."""
    about = {"kind": "Pod", "apiVersion": "v1", "name": "ROW", "namespace": namespace, "uid": "1"}
    texts = {"reason": "Tested", "message": "of the table", "type": "Normal"}
    metadata = {"generateName": "ROW-"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, **texts, **fields}


@rows(
    metadata_that_is_given=[
        made(
            idle_pod(),
            {
                "metadata.uid": Like("^[0-9a-f-]{36}$"),
                "metadata.resourceVersion": Like(r"^\d+$"),
                "metadata.creationTimestamp": Like(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"),
                "metadata.namespace": "NAMESPACE",
                "status.phase": "Pending",
                "status.containerStatuses": ABSENT,
                "spec.nodeName": ABSENT,
            },
        ),
    ],
    defaults=[
        made(
            plain_pod("example.test/a"),
            {
                "spec.restartPolicy": "Always",
                "spec.terminationGracePeriodSeconds": 30,
                "spec.serviceAccountName": "default",
                "spec.containers.0.terminationMessagePath": "/dev/termination-log",
                "spec.containers.0.terminationMessagePolicy": "File",
            },
        )
    ],
    pull_policy_by_tag=[
        made(
            plain_pod("example.test/a", "example.test/a:latest", "example.test/a:1", f"example.test/a@{DIGEST}"),
            {"spec.containers.*.imagePullPolicy": ["Always", "Always", "IfNotPresent", "IfNotPresent"]},
        )
    ],
    name_that_is_taken=[
        made(idle_pod()),
        refused("POST Pod", 409, "AlreadyExists", '^pods "ROW" already exists$', idle_pod()),
        seen(IT, {"metadata.uid": SAME}),
    ],
    generated_name=[
        made(idle_pod(name="", metadata={"generateName": "ROW-"}), {"metadata.name": Like("^ROW-[a-z0-9]{5}$")}),
    ],
    absent=[
        refused(f"GET {IT}", 404, "NotFound", '^pods "ROW" not found$'),
    ],
    no_name=[invalid(idle_pod(name=""), "name or generateName is required", "metadata.name")],
    capital_name=[invalid(idle_pod(name="ROW-A"), "RFC 1123 subdomain", "metadata.name")],
    longest_name=[made(idle_pod(name="a" * 253), {"metadata.name": "a" * 253})],
    too_long_a_name=[invalid(idle_pod(name="a" * 254), "must be no more than 253 characters", "metadata.name")],
    no_containers=[
        invalid(plain_pod(), r'^Pod "ROW" is invalid: spec\.containers: Required value', "spec.containers"),
    ],
    no_image=[
        invalid(plain_pod(""), r"spec\.containers\[0\]\.image: Required value", "spec.containers[0].image"),
    ],
    image_with_blank=[
        invalid(
            plain_pod(" example.test/a"),
            r"spec\.containers\[0\]\.image: Invalid value.*leading or trailing whitespace",
            "spec.containers[0].image",
        )
    ],
    two_containers_of_a_name=[
        invalid(
            pod({"name": "a", "image": "a"}, {"name": "a", "image": "b"}),
            r"spec\.containers\[1\]\.name: Duplicate value",
            "spec.containers[1].name",
        )
    ],
    wrong_policy=[
        invalid(idle_pod(restartPolicy="Sometimes"), "Unsupported value", "spec.restartPolicy"),
    ],
    wrong_type=[refused("POST Pod", 400, "BadRequest", "cannot unmarshal", idle_pod(activeDeadlineSeconds="soon"))],
    image_of_a_pod_is_replaced=[
        made(idle_pod()),
        Step(
            f"PATCH {IT}",
            200,
            {"spec.containers.*.image": ["example.test/b"]},
            {"spec": {"containers": [{"name": "one", "image": "example.test/b"}]}},
            "application/strategic-merge-patch+json",
        ),
    ],
    command_of_a_pod_is_not=[
        made(idle_pod()),
        refused(
            f"PATCH {IT}",
            422,
            "Invalid",
            "pod updates may not change fields other than",
            {"spec": {"containers": [{"name": "one", "command": ["true"]}]}},
            content_type="application/strategic-merge-patch+json",
        ),
    ],
    uid_that_is_another=[
        made(config_map()),
        refused("PUT ConfigMap/ROW", 409, "Conflict", "uid", config_map(metadata={"uid": "another"})),
    ],
    replaced_at_a_stale_version=[
        made(config_map()),
        refused("PUT ConfigMap/ROW", 409, "Conflict", "modified", config_map(metadata={"resourceVersion": "1"})),
    ],
    event_with_generated_name=[
        made(event(), {"metadata.name": Like("^ROW-[a-z0-9]{5}$"), "metadata.namespace": "NAMESPACE"}),
    ],
    event_about_another_namespace=[
        invalid(event("default"), "does not match event.namespace", "involvedObject.namespace"),
    ],
    events_of_a_pod=[
        made(event()),
        Step(
            "GET Event",
            200,
            {"items.*.message": ["of the table"]},
            parameters={"fieldSelector": "involvedObject.kind=Pod,involvedObject.name=ROW"},
        ),
    ],
    no_kind_of_objects=[Step("GET Pod/ROW/none", 404)],
)
def test_asked(steps: list[Step], player: Player) -> None:
    player.play(steps)


@rows(
    by_name=[
        made(idle_pod()),
        Step("GET Pod", 200, {"items.*.metadata.name": ["ROW"]}, parameters={"fieldSelector": "metadata.name=ROW"}),
    ],
    by_phase=[
        made(idle_pod()),
        Step(
            "GET Pod",
            200,
            {"items": []},
            parameters={"fieldSelector": "status.phase=Running,metadata.name=ROW"},
        ),
    ],
    by_other_than_phase=[
        made(idle_pod()),
        Step(
            "GET Pod",
            200,
            {"items.*.metadata.name": ["ROW"], "kind": "PodList", "metadata.resourceVersion": Like(r"^\d+$")},
            parameters={"fieldSelector": "status.phase!=Running,metadata.name=ROW"},
        ),
    ],
    by_unknown_field=[
        refused(
            "GET Pod", 400, "BadRequest", "field label not supported", parameters={"fieldSelector": "spec.color=blue"}
        )
    ],
    by_label=[
        made(idle_pod()),
        Step("GET Pod", 200, {"items.*.metadata.name": ["ROW"]}, parameters={"labelSelector": "row=ROW"}),
    ],
    by_labels=[
        made(idle_pod()),
        Step(
            "GET Pod",
            200,
            {"items.*.metadata.name": ["ROW"]},
            parameters={"labelSelector": "row in (a, ROW),!absent,row!=b"},
        ),
    ],
    by_label_it_has_not=[
        made(idle_pod()),
        Step("GET Pod", 200, {"items": []}, parameters={"labelSelector": "row=ROW,other"}),
    ],
    by_bad_label=[
        refused("GET Pod", 400, "BadRequest", "unable to parse", parameters={"labelSelector": "row in ("}),
    ],
)
def test_selected(steps: list[Step], player: Player) -> None:
    player.play(steps)


def test_namespace_that_is_absent(cluster: Cluster, row: str) -> None:
    with closing(Api(cluster.kubeconfig, row)) as api:
        missing = f'^namespaces "{row}" not found$'
        Player(api, {}).play([refused("POST ConfigMap", 404, "NotFound", missing, config_map("a"))])


def _watched(api: Api, name: str, after: str = "") -> Iterator[tuple[str, Json]]:
    return api.watch("Pod", WATCH_SECONDS, after, fieldSelector=f"metadata.name={name}")


def test_watch_begins_with_what_there_is(api: Api, player: Player, row: str) -> None:
    player.play([made(idle_pod())])
    kind, found = next(_watched(api, row))
    assert kind == "ADDED"
    assert found["metadata"]["uid"] == player.last[f"Pod/{row}"]["metadata"]["uid"]


def test_watch_goes_on_after_a_version(api: Api, player: Player, row: str) -> None:
    player.play([made(idle_pod())])
    made_at = player.last[f"Pod/{row}"]["metadata"]["resourceVersion"]
    api.patch("Pod", row, {"metadata": {"labels": {"a": "1"}}})
    api.delete("Pod", row)
    kinds = []
    for kind, found in _watched(api, row, made_at):
        kinds.append(kind)
        if kind == "DELETED":
            assert int(found["metadata"]["resourceVersion"]) > int(made_at)
            break
    assert set(kinds) == {"MODIFIED", "DELETED"}


def test_watch_by_label_ends_an_object_that_lost_it(api: Api, player: Player, row: str) -> None:
    player.play([made(idle_pod())])
    events = api.watch("Pod", WATCH_SECONDS, labelSelector=f"row={row}")
    assert next(events)[0] == "ADDED"
    api.patch("Pod", row, {"metadata": {"labels": {"row": "another"}}})
    assert "DELETED" in (kind for kind, _ in events)


def test_watch_by_another_label_sees_nothing(api: Api, player: Player, row: str) -> None:
    player.play([made(idle_pod())])
    assert list(api.watch("Pod", 1, labelSelector=f"row=not-{row}")) == []


def test_watch_after_the_first_version(api: Api, player: Player, row: str) -> None:
    """A server that does not remember all since then says so, with 410; none leaves anything out."""
    player.play([made(idle_pod())])
    kind, found = next(_watched(api, row, "1"))
    if kind == "ERROR":
        assert (found["kind"], found["code"], found["reason"]) == ("Status", 410, "Expired")
    else:
        assert (kind, found["metadata"]["name"]) == ("ADDED", row)
