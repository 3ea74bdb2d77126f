"""Pods that run: what their status says of each end, each image and each start that fails."""

from __future__ import annotations

import pytest

from e2e.conformance.objects import DEAF, NOWHERE, SLEEPS, container, pod
from e2e.conformance.statuses import INIT_STATE, STATE, TIME, condition, ended, waiting
from e2e.conformance.table import ABSENT, PRESENT, Like, Player, Step, made, rows, until

pytestmark = pytest.mark.kubelet

IT = "Pod/ROW"
TELLS_MUCH = """python3 -c 'print("x" * 5000, end="")' >/dev/termination-log"""


@rows(
    runs=[
        made(pod()),
        until(
            IT,
            {
                "status.phase": "Running",
                **condition("PodScheduled", "True"),
                **condition("Initialized", "True"),
                **condition("ContainersReady", "True"),
                **condition("Ready", "True"),
                "spec.nodeName": PRESENT,
                "status.podIP": PRESENT,
                "status.startTime": TIME,
                f"{STATE}.running.startedAt": TIME,
                "status.containerStatuses.0.ready": True,
                "status.containerStatuses.0.started": True,
                "status.containerStatuses.0.restartCount": 0,
                "status.containerStatuses.0.lastState": {},
                "status.containerStatuses.0.containerID": Like("^[a-z]+://."),
                "status.initContainerStatuses": ABSENT,
            },
        ),
    ],
    exits_0=[
        made(pod(container("exit 0"))),
        until(
            IT,
            {
                "status.phase": "Succeeded",
                **ended(0, "Completed"),
                f"{STATE}.terminated.finishedAt": TIME,
                f"{STATE}.terminated.startedAt": TIME,
                f"{STATE}.terminated.containerID": Like("^[a-z]+://."),
                "status.containerStatuses.0.restartCount": 0,
                "status.containerStatuses.0.ready": False,
                **condition("Ready", "False", "PodCompleted"),
            },
        ),
    ],
    exits_3=[
        made(pod(container("exit 3"))),
        until(
            IT,
            {
                "status.phase": "Failed",
                **ended(3),
                f"{STATE}.terminated.message": ABSENT,
                **condition("Ready", "False", "PodFailed"),
            },
        ),
    ],
    one_of_two_fails=[
        made(pod(container("exit 0", name="a"), container("exit 1", name="b"))),
        until(IT, {"status.phase": "Failed", "status.containerStatuses.*.state.terminated.exitCode": [0, 1]}),
    ],
    one_of_two_runs=[
        made(pod(container("exit 1", name="a"), container(name="b"))),
        until(
            IT,
            {
                "status.phase": "Running",
                **ended(1),
                "status.containerStatuses.1.ready": True,
                **condition("Ready", "False", "ContainersNotReady"),
            },
        ),
    ],
    told_why=[
        made(
            pod(
                container("printf %s because >/dev/termination-log; exit 3", name="told"),
                container('python3 -c \'print("x" * 5000, end="")\' >/dev/termination-log; exit 3', name="long"),
                container("echo because; exit 3", name="log", terminationMessagePolicy="FallbackToLogsOnError"),
            )
        ),
        until(
            IT,
            {
                "status.phase": "Failed",
                "status.containerStatuses.*.name": ["log", "long", "told"],
                "status.containerStatuses.*.state.terminated.exitCode": [3] * 3,
                "status.containerStatuses.*.state.terminated.message": ["because\n", "x" * 4096, "because"],
            },
        ),
    ],
    told_by_four=[
        made(pod(*(container(f"{TELLS_MUCH}; exit 3", name=name) for name in "abcd"))),
        until(IT, {"status.containerStatuses.*.state.terminated.message": ["x" * 3072] * 4}),
    ],
    killed_out_of_time=[
        made(pod(container(DEAF), activeDeadlineSeconds=1, terminationGracePeriodSeconds=1)),
        until(IT, {"status.phase": "Failed", "status.reason": "DeadlineExceeded", **ended(137)}),
    ],
    ends_out_of_time=[
        made(pod(container(SLEEPS), activeDeadlineSeconds=1)),
        until(IT, {"status.phase": "Failed", "status.reason": "DeadlineExceeded", **ended(143)}),
    ],
    restarts=[
        made(pod(container("exit 3"), restartPolicy="Always")),
        until(
            IT,
            {
                "status.phase": "Running",
                **waiting("CrashLoopBackOff", message=Like("back-off .* restarting failed container")),
                "status.containerStatuses.0.lastState.terminated.exitCode": 3,
                "status.containerStatuses.0.restartCount": 1,
                "status.containerStatuses.0.ready": False,
                **condition("Ready", "False", "ContainersNotReady"),
            },
        ),
    ],
    restarts_after_a_failure_only=[
        made(pod(container("exit 0"), restartPolicy="OnFailure")),
        until(IT, {"status.phase": "Succeeded", "status.containerStatuses.0.restartCount": 0}),
    ],
    no_such_command=[
        made(pod({**container(), "command": ["/no/such"]})),
        until(
            IT,
            {
                "status.phase": "Failed",
                **ended(128, "StartError"),
                f"{STATE}.terminated.startedAt": "1970-01-01T00:00:00Z",
                f"{STATE}.terminated.message": PRESENT,
            },
        ),
    ],
    no_such_command_ever=[
        made(pod({**container(), "command": ["/no/such"]}, restartPolicy="Always")),
        until(IT, {"status.phase": "Running", **waiting("RunContainerError|CrashLoopBackOff")}),
    ],
    fits_nowhere=[
        made(pod(nodeSelector=NOWHERE)),
        until(
            IT,
            {
                "status.phase": "Pending",
                **condition("PodScheduled", "False", "Unschedulable"),
                "status.conditions.type=PodScheduled.message": Like("0/1 nodes are available"),
                "status.containerStatuses": ABSENT,
                "spec.nodeName": ABSENT,
            },
        ),
    ],
)
def test_ends(steps: list[Step], player: Player) -> None:
    player.play(steps)


@rows(
    one_after_the_other=[
        made(pod(initContainers=[container("exit 0", name="a"), container("exit 0", name="b")])),
        until(
            IT,
            {
                "status.phase": "Running",
                "status.initContainerStatuses.*.state.terminated.reason": ["Completed", "Completed"],
                "status.initContainerStatuses.*.ready": [True, True],
            },
        ),
    ],
    while_one_runs=[
        made(pod(initContainers=[container(name="a"), container(name="b")])),
        until(
            IT,
            {
                "status.phase": "Pending",
                f"{INIT_STATE}.running": PRESENT,
                "status.initContainerStatuses.1.state.waiting.reason": "PodInitializing",
                "status.containerStatuses.0.state.waiting.reason": "PodInitializing",
                **condition("Initialized", "False", "ContainersNotInitialized"),
                **condition("Ready", "False", "ContainersNotReady"),
            },
        ),
    ],
    one_fails=[
        made(pod(initContainers=[container("exit 78", name="a")])),
        until(
            IT,
            {
                "status.phase": "Failed",
                **ended(78, state=INIT_STATE),
                "status.containerStatuses.0.state.waiting.reason": "PodInitializing",
            },
        ),
    ],
    one_fails_again=[
        made(
            pod(
                initContainers=[container("printf why >/dev/termination-log; exit 78", name="a")],
                restartPolicy="Always",
            )
        ),
        until(
            IT,
            {
                "status.phase": "Pending",
                **waiting("CrashLoopBackOff", INIT_STATE),
                "status.initContainerStatuses.0.lastState.terminated.exitCode": 78,
                "status.initContainerStatuses.0.lastState.terminated.message": "why",
                "status.containerStatuses.0.state.waiting.reason": "PodInitializing",
            },
        ),
    ],
    never_ready=[
        made(pod(container(readinessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1}))),
        until(
            IT,
            {
                "status.phase": "Running",
                "status.containerStatuses.0.started": True,
                "status.containerStatuses.0.ready": False,
                **condition("Ready", "False", "ContainersNotReady"),
                **condition("ContainersReady", "False", "ContainersNotReady"),
            },
        ),
    ],
)
def test_phases(steps: list[Step], player: Player) -> None:
    player.play(steps)
