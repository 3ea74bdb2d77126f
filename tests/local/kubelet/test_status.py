"""From what is known of the containers to the pod's status."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from e2e.clusters.local.kubelet.status import (
    LOST,
    Container,
    Ended,
    Pod,
    Running,
    Waiting,
    phase,
    pod_status,
    unschedulable,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WAITS = Waiting("PodInitializing")
RUNS = Running(NOW, "process://7-1")
DONE = Ended(0, "Completed", started_at=NOW, finished_at=NOW, id="process://6-1")
FAILED = Ended(3, "Error", "why", NOW, NOW, "process://5-1")


def one(state: Waiting | Running | Ended, last: Ended | None = None, **fields: Any) -> Container:
    spec = {"name": fields.pop("name", "one"), "image": "repo:1", **fields.pop("spec", {})}
    return Container(spec, state, last, **fields)


INIT_RUNS, INIT_DONE, INIT_FAILED = (one(state, init=True, name="init") for state in (RUNS, DONE, FAILED))
SIDECAR = one(RUNS, init=True, name="sidecar", ready=True, spec={"restartPolicy": "Always"})


@pytest.mark.parametrize(
    ("policy", "inits", "mains", "expected"),
    [
        ("Always", [], [one(WAITS)], "Pending"),
        ("Always", [], [one(RUNS)], "Running"),
        ("Always", [INIT_RUNS], [one(WAITS)], "Pending"),
        ("Always", [INIT_FAILED], [one(WAITS)], "Pending"),
        ("Always", [one(Waiting("CrashLoopBackOff"), FAILED, init=True)], [one(WAITS)], "Pending"),
        ("Never", [INIT_FAILED], [one(WAITS)], "Failed"),
        ("OnFailure", [INIT_FAILED], [one(WAITS)], "Pending"),
        ("Always", [INIT_DONE], [one(RUNS), one(WAITS)], "Pending"),
        ("Always", [INIT_DONE], [one(RUNS), one(FAILED)], "Running"),
        ("Always", [], [one(Waiting("CrashLoopBackOff"), FAILED)], "Running"),
        ("Always", [], [one(DONE)], "Running"),
        ("Never", [], [one(RUNS), one(FAILED)], "Running"),
        ("Never", [], [one(DONE), one(FAILED)], "Failed"),
        ("Never", [], [one(DONE), one(DONE)], "Succeeded"),
        ("Never", [], [one(DONE), one(WAITS)], "Pending"),
        ("OnFailure", [], [one(FAILED)], "Running"),
        ("OnFailure", [], [one(DONE)], "Succeeded"),
        ("Never", [SIDECAR], [one(DONE)], "Succeeded"),
        ("Always", [SIDECAR, INIT_RUNS], [one(WAITS)], "Pending"),
    ],
)
def test_phases(policy: str, inits: list[Container], mains: list[Container], expected: str) -> None:
    assert phase(policy, inits, mains) == expected


@pytest.mark.parametrize(
    ("container", "told"),
    [
        (one(WAITS), {"state": {"waiting": {"reason": "PodInitializing"}}, "ready": False, "started": False}),
        (
            one(Waiting("ErrImagePull", "not found"), FAILED, restarts=1),
            {
                "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}},
                "lastState": FAILED.told(),
                "containerID": "process://5-1",
                "restartCount": 1,
            },
        ),
        (
            one(RUNS, ready=True, image="repo:1", image_id="repo@sha256:1"),
            {
                "state": {"running": {"startedAt": "2026-11-21T12:00:00Z"}},
                "lastState": {},
                "ready": True,
                "started": True,
                "image": "repo:1",
                "imageID": "repo@sha256:1",
                "containerID": "process://7-1",
            },
        ),
        (one(RUNS, ready=False), {"ready": False, "started": True}),
        (
            one(FAILED),
            {
                "state": {
                    "terminated": {
                        "exitCode": 3,
                        "reason": "Error",
                        "message": "why",
                        "startedAt": "2026-11-21T12:00:00Z",
                        "finishedAt": "2026-11-21T12:00:00Z",
                        "containerID": "process://5-1",
                    }
                },
                "ready": False,
                "started": False,
            },
        ),
        (INIT_DONE, {"ready": True, "started": False}),
        (INIT_RUNS, {"ready": False, "started": True}),
        (SIDECAR, {"ready": True, "started": True}),
        (
            one(LOST),
            {
                "state": {
                    "terminated": {
                        "exitCode": 137,
                        "reason": "ContainerStatusUnknown",
                        "message": "The container could not be located when the pod was terminated",
                        "startedAt": None,
                        "finishedAt": None,
                    }
                },
                "imageID": "",
                "image": "repo:1",
            },
        ),
        (
            one(RUNS, spec={"volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": True, "subPath": "x"}]}),
            {
                "volumeMounts": [
                    {"name": "v", "mountPath": "/v", "readOnly": True, "recursiveReadOnly": "Disabled"},
                ]
            },
        ),
    ],
    ids=["waits", "waits again", "runs", "unready", "ended", "init done", "init runs", "sidecar", "lost", "mounts"],
)
def test_container_statuses(container: Container, told: dict[str, Any]) -> None:
    found = container.told()
    assert {key: found.get(key) for key in told} == told


def test_a_container_that_never_ran_has_no_id() -> None:
    assert "containerID" not in one(WAITS).told()
    assert "message" not in DONE.told()["terminated"]


def conditions(status: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    return {
        told["type"]: (told["status"], told.get("reason", ""), told.get("message", "")) for told in status["conditions"]
    }


READY = ("True", "", "")
NOT_INITIALIZED = ("False", "ContainersNotInitialized", "containers with incomplete status: [init]")


@pytest.mark.parametrize(
    ("state", "inits", "mains", "initialized", "ready"),
    [
        ("Running", [], [one(RUNS, ready=True)], READY, READY),
        ("Running", [INIT_DONE, SIDECAR], [one(RUNS, ready=True)], READY, READY),
        (
            "Pending",
            [INIT_RUNS],
            [one(WAITS, name="a"), one(WAITS, name="b")],
            NOT_INITIALIZED,
            ("False", "ContainersNotReady", "containers with unready status: [a b]"),
        ),
        (
            "Running",
            [],
            [one(RUNS, ready=True, name="a"), one(RUNS, name="b")],
            READY,
            ("False", "ContainersNotReady", "containers with unready status: [b]"),
        ),
        ("Succeeded", [INIT_DONE], [one(DONE)], ("True", "PodCompleted", ""), ("False", "PodCompleted", "")),
        ("Failed", [INIT_FAILED], [one(WAITS)], NOT_INITIALIZED, ("False", "PodFailed", "")),
    ],
    ids=["ready", "with init", "initializing", "one unready", "succeeded", "failed"],
)
def test_conditions(
    state: str,
    inits: list[Container],
    mains: list[Container],
    initialized: tuple[str, str, str],
    ready: tuple[str, str, str],
) -> None:
    found = conditions(pod_status(Pod("127.1.1.1", "x", state, inits, mains), {}, NOW))
    assert found["Initialized"] == initialized
    assert found["Ready"] == found["ContainersReady"] == ready
    assert found["PodScheduled"] == found["PodReadyToStartContainers"] == READY


def test_statuses_are_sorted_by_name_unless_of_init_containers() -> None:
    names = ["b", "a"]
    inits, mains = ([one(DONE, name=name, init=init) for name in names] for init in (True, False))
    status = pod_status(Pod("127.0.0.2", "", "Succeeded", inits, mains), {}, NOW)
    assert [each["name"] for each in status["initContainerStatuses"]] == names
    assert [each["name"] for each in status["containerStatuses"]] == sorted(names)


@pytest.mark.parametrize(("containers", "length"), [(1, 4096), (3, 4096), (4, 3072)])
def test_containers_share_the_room_for_messages(containers: int, length: int) -> None:
    mains = [one(RUNS, replace(FAILED, message="x" * 4096), name=str(number)) for number in range(containers)]
    told = pod_status(Pod("127.0.0.2", "", "Running", [], mains), {}, NOW)["containerStatuses"]
    assert {len(each["lastState"]["terminated"]["message"]) for each in told} == {length}


def test_a_condition_keeps_its_time_while_it_holds() -> None:
    pod = Pod("127.1.1.1", "2026-11-21T11:59:00Z", "Running", [], [one(RUNS)])
    before = pod_status(pod, {"qosClass": "Burstable"}, NOW)
    after = pod_status(replace(pod, mains=[one(RUNS, ready=True)]), before, NOW + timedelta(seconds=5))
    times = {told["type"]: told["lastTransitionTime"] for told in after["conditions"]}
    assert times["Initialized"] == times["PodScheduled"] == "2026-11-21T12:00:00Z"
    assert times["Ready"] == times["ContainersReady"] == "2026-11-21T12:00:05Z"
    assert after["qosClass"] == "Burstable"
    assert after["podIP"] == "127.1.1.1"
    assert after["podIPs"] == [{"ip": "127.1.1.1"}]
    assert after["startTime"] == "2026-11-21T11:59:00Z"
    assert "initContainerStatuses" not in after


def test_a_pod_that_no_node_takes_has_a_condition_and_nothing_else() -> None:
    before = unschedulable({"phase": "Pending", "qosClass": "BestEffort"}, "none fits", NOW)
    assert conditions(before) == {"PodScheduled": ("False", "Unschedulable", "none fits")}
    assert unschedulable(before, "none fits", NOW + timedelta(seconds=9)) == before
    assert set(before) == {"phase", "conditions", "qosClass"}
