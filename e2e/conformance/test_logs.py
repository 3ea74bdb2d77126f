"""The log of a container: its end, its beginning, and of one that has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from e2e.conformance.conftest import Texts
from e2e.conformance.objects import NOWHERE, SLEEPS, container, pod
from e2e.conformance.table import Like, Player, Step, made, refused, rows, until
from e2e.kit.api import Api

pytestmark = pytest.mark.kubelet

IT = "Pod/ROW"
RUNS = {"status.containerStatuses.0.state.running.startedAt": Like("Z$")}
# The second run stays.
AGAIN = f'if [ -e "$MARKS/been" ]; then echo again; {SLEEPS}; fi; touch "$MARKS/been"; echo first; exit 1'
MARKED: Any = {
    "env": [{"name": "MARKS", "value": "/marks"}],
    "volumeMounts": [{"name": "marks", "mountPath": "/marks"}],
}
LOG = f"GET {IT}/log"
ENDED = {"status.phase": "Succeeded"}


def log(text: object, **parameters: str) -> Step:
    return Step(LOG, 200, {"": text}, parameters=parameters)


def no_log(message: str, **parameters: str) -> Step:
    return refused(LOG, 400, "BadRequest", message, parameters=parameters)


@pytest.fixture(scope="module")
def three_lines(api: Api, texts: Texts) -> str:
    """The name of a pod that has printed them."""
    printed = Player(api, texts("three-lines"))
    printed.play([made(pod(container("echo one; echo two; echo three"))), until(IT, ENDED)])
    return printed.texts["ROW"]


@rows(
    whole=[log("one\ntwo\nthree\n")],
    tail=[log("two\nthree\n", tailLines="2")],
    longer_tail=[log("one\ntwo\nthree\n", tailLines="9")],
    no_tail=[log("", tailLines="0")],
    limited=[log("one\ntw", limitBytes="6")],
    limited_tail=[log("two\nt", tailLines="2", limitBytes="5")],
    timestamps=[
        log(Like(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z three\n$"), tailLines="1", timestamps="true"),
    ],
    negative_tail=[Step(LOG, 422, {"reason": "Invalid"}, parameters={"tailLines": "-1"})],
    no_limit=[Step(LOG, 422, {"reason": "Invalid"}, parameters={"limitBytes": "0"})],
    tail_of_no_number=[Step(LOG, 400, {"reason": "BadRequest"}, parameters={"tailLines": "many"})],
    no_previous=[no_log('previous terminated container "one" in pod "ROW" not found', previous="true")],
)
def test_log_of_three_lines(steps: list[Step], player: Player, three_lines: str) -> None:
    replace(player, texts={**player.texts, "ROW": three_lines}).play(steps)


@rows(
    both_streams=[
        made(pod(container("echo out; sleep 0.2; echo err >&2"))),
        until(IT, ENDED),
        log("out\nerr\n"),
    ],
    without_newline=[made(pod(container("printf end"))), until(IT, ENDED), log("end")],
    by_container=[
        made(pod(container("echo a", name="a"), container("echo b", name="b"))),
        until(IT, ENDED),
        log("b\n", container="b"),
    ],
    of_which_container=[
        made(pod(container(name="a"), container(name="b"), nodeSelector=NOWHERE)),
        no_log(r"a container name must be specified for pod ROW, choose one of: \[a b\]"),
    ],
    of_no_container=[
        made(pod(nodeSelector=NOWHERE)),
        no_log("container none is not valid for pod ROW", container="none"),
    ],
    of_no_pod=[refused(LOG, 404, "NotFound", '^pods "ROW" not found$')],
    unscheduled=[made(pod(nodeSelector=NOWHERE)), Step(LOG, 204)],
    waiting=[
        made(pod(container(imagePullPolicy="Never", image="REGISTRY/none/missing:1"))),
        until(IT, {"status.containerStatuses.0.state.waiting.reason": "ErrImageNeverPull"}),
        no_log('container "one" in pod "ROW" is waiting to start: .*ErrImageNeverPull|image can.t be pulled'),
    ],
    of_init=[
        made(pod(initContainers=[container("echo init; exit 1", name="a")])),
        until(IT, {"status.phase": "Failed"}),
        log("init\n", container="a"),
    ],
    behind_init=[
        made(pod(initContainers=[container(name="a")])),
        until(IT, {"status.initContainerStatuses.0.state.running.startedAt": Like("Z$")}),
        no_log('container "one" in pod "ROW" is waiting to start: PodInitializing', container="one"),
    ],
    previous=[
        made(pod(container(AGAIN, **MARKED), restartPolicy="Always", volumes=[{"name": "marks", "emptyDir": {}}])),
        until(IT, {"status.containerStatuses.0.restartCount": 1, **RUNS}),
        log("first\n", previous="true"),
        log("again\n"),
    ],
    followed_to_its_end=[
        made(pod(container("echo one; sleep 1; echo two"))),
        until(IT, {"status.phase": "Running"}),
        log("one\ntwo\n", follow="true"),
    ],
)
def test_log(steps: list[Step], player: Player) -> None:
    player.play(steps)
