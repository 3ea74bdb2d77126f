"""Objects that are deleted: preconditions, grace periods, and what goes with its owner."""

from __future__ import annotations

from typing import Any

from e2e.conformance.objects import DEAF, SLEEPS, bound_pod, config_map, container, idle_pod, pod
from e2e.conformance.statuses import RUNS
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    PRESENT,
    SAME,
    Of,
    Player,
    Step,
    made,
    refused,
    rows,
    seen,
    until,
    until_gone,
)
from e2e.kit.api import Api, Json

IT = "Pod/ROW"
WATCH_SECONDS = 30
DELETE = f"DELETE {IT}"
OWNER = "ConfigMap/ROW"

BOUND = made(bound_pod(terminationGracePeriodSeconds=60))
SLEEPING_POD = [made(pod(container(SLEEPS), terminationGracePeriodSeconds=60)), until(IT, RUNS)]
ENDING = {"metadata.uid": SAME, "metadata.deletionTimestamp": PRESENT, "metadata.deletionGracePeriodSeconds": 60}


def deleted(expected: dict[str, object] | None = None, **options: Any) -> Step:
    return Step(DELETE, 200, expected or {}, {"kind": "DeleteOptions", "apiVersion": "v1", **options})


def with_uid(uid: object) -> Json:
    return {"preconditions": {"uid": uid}}


def owned(**owner: Any) -> Json:
    """Metadata that names the row's ConfigMap as the owner."""
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "ROW", "uid": Of(OWNER, "metadata.uid")}
    return {"ownerReferences": [{**reference, **owner}]}


@rows(
    absent=[refused(DELETE, 404, "NotFound", '^pods "ROW" not found$')],
    unscheduled=[made(idle_pod()), deleted(**with_uid(Of(IT, "metadata.uid"))), until_gone(IT)],
    another_uid=[
        made(idle_pod()),
        refused(DELETE, 409, "Conflict", "the UID in the precondition .another. does not match", with_uid("another")),
        seen(IT, {"metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
    ],
    another_version=[
        made(idle_pod()),
        refused(
            DELETE,
            409,
            "Conflict",
            "the ResourceVersion in the precondition .1. does not match",
            {"preconditions": {"resourceVersion": "1"}},
        ),
    ],
    own_uid=[BOUND, deleted(ENDING, **with_uid(Of(IT, "metadata.uid"))), seen(IT, ENDING)],
    twice=[BOUND, deleted(ENDING), deleted({**ENDING, "metadata.deletionTimestamp": SAME})],
    twice_with_uid=[BOUND, deleted(), deleted(ENDING, **with_uid(Of(IT, "metadata.uid")))],
    another_uid_while_it_ends=[BOUND, deleted(), refused(DELETE, 409, "Conflict", body=with_uid("another"))],
    grace_shortened=[
        BOUND,
        deleted(ENDING),
        deleted(
            {"metadata.deletionGracePeriodSeconds": 1, "metadata.deletionTimestamp": CHANGED}, gracePeriodSeconds=1
        ),
    ],
    killed_after_its_grace=[
        made(pod(container(DEAF), terminationGracePeriodSeconds=60)),
        until(IT, RUNS),
        deleted(gracePeriodSeconds=1),
        until_gone(IT),
    ],
    grace_not_lengthened=[
        BOUND,
        deleted({"metadata.deletionGracePeriodSeconds": 30}, gracePeriodSeconds=30),
        deleted({"metadata.deletionGracePeriodSeconds": 30}, gracePeriodSeconds=50),
    ],
    grace_of_its_own=[BOUND, deleted({"metadata.deletionGracePeriodSeconds": 20}, gracePeriodSeconds=20)],
    no_grace=[BOUND, deleted(gracePeriodSeconds=0), Step(f"GET {IT}", 404)],
    ends_when_asked=[*SLEEPING_POD, deleted(ENDING), until_gone(IT)],
    made_over_one_that_ends=[
        BOUND,
        deleted(),
        refused("POST Pod", 409, "AlreadyExists", '^object is being deleted: pods "ROW" already exists$', idle_pod()),
    ],
    made_after_it_is_gone=[made(idle_pod()), deleted(), until_gone(IT), made(idle_pod())],
    of_no_pod=[
        made(config_map()),
        Step(f"DELETE {OWNER}", 200, {"kind": "Status", "status": "Success", "details.name": "ROW"}),
        Step(f"GET {OWNER}", 404),
    ],
    with_a_finalizer=[
        made(config_map(metadata={"finalizers": ["example.test/wait"]})),
        Step(f"DELETE {OWNER}", 200, {"metadata.deletionTimestamp": PRESENT}),
        seen(OWNER, {"metadata.deletionTimestamp": PRESENT}),
        Step(
            f"PATCH {OWNER}", 200, {}, {"metadata": {"finalizers": None}}, content_type="application/merge-patch+json"
        ),
        Step(f"GET {OWNER}", 404),
    ],
)
def test_deleted(steps: list[Step], player: Player) -> None:
    player.play(steps)


@rows(
    with_its_owner=[
        made(config_map()),
        made(idle_pod(metadata=owned())),
        Step(f"DELETE {OWNER}"),
        until_gone(IT),
    ],
    that_runs=[
        made(config_map()),
        made(pod(metadata=owned())),
        until(IT, RUNS),
        Step(f"DELETE {OWNER}"),
        until_gone(IT),
    ],
    of_another_uid=[made(config_map()), made(idle_pod(metadata=owned(uid="another"))), until_gone(IT), seen(OWNER, {})],
    of_another_name=[made(config_map()), made(idle_pod(metadata=owned(name="another"))), until_gone(IT)],
    left_by_orphan=[
        made(config_map()),
        made(idle_pod(metadata=owned())),
        Step(f"DELETE {OWNER}", 200, {}, {"propagationPolicy": "Orphan"}),
        until_gone(OWNER),
        until(IT, {"metadata.ownerReferences": ABSENT, "metadata.uid": SAME, "metadata.deletionTimestamp": ABSENT}),
    ],
    in_the_foreground=[  # a real server keeps the owner until then; `local` does not, as its README says
        made(config_map()),
        made(idle_pod(metadata=owned(blockOwnerDeletion=True))),
        Step(f"DELETE {OWNER}", 200, {}, {"propagationPolicy": "Foreground"}),
        until_gone(OWNER),
        until_gone(IT),
    ],
    reference_without_uid=[
        made(config_map()),
        refused(
            "POST Pod",
            422,
            "Invalid",
            r"metadata\.ownerReferences\.uid: Invalid value",
            idle_pod(metadata=owned(uid="")),
        ),
    ],
)
def test_owned(steps: list[Step], player: Player) -> None:
    player.play(steps)


def test_exit_code_of_a_handler_of_sigterm(api: Api, player: Player, row: str) -> None:
    """The last that is seen of the pod, while it goes."""
    player.play(SLEEPING_POD)
    running = player.last[f"Pod/{row}"]["metadata"]["resourceVersion"]
    api.delete("Pod", row)
    ends = []
    for kind, found in api.watch("Pod", WATCH_SECONDS, running, fieldSelector=f"metadata.name={row}"):
        if end := found["status"]["containerStatuses"][0]["state"].get("terminated"):
            ends.append(end["exitCode"])
        if kind == "DELETED":
            break
    assert set(ends) == {143}
