"""From what the API server, the node and the log say, to what is seen."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from e2e.demo import reading
from e2e.demo.state import Node, Result, short
from e2e.kit.api import Json
from e2e.kit.logs import Line
from tests.demo.looks import digest, image, pod, running, watching

NOW = datetime.fromisoformat("2026-11-21T16:00:42Z")


def _pod(status: Json, **metadata: object) -> Json:
    return {
        "metadata": {"name": "test-0", "uid": "u", "creationTimestamp": "2026-11-21T16:00:00Z", **metadata},
        "spec": {"containers": [{"name": "monitor", "image": "m"}, {"name": "avago", "image": "node:latest"}]},
        "status": status,
    }


def _container(name: str, ready: bool, restarts: int, **of: Json) -> Json:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": of}


INIT_DONE = _container("init", True, 0, terminated={"exitCode": 0, "reason": "Completed"})
MONITOR = _container("monitor", True, 1, running={})


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ({"phase": "Pending"}, ("0/2", "Pending", 0)),
        (
            {"phase": "Pending", "initContainerStatuses": [_container("init", False, 0, running={})]},
            ("0/2", "Init:0/1", 0),
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [
                _container("init", False, 3, waiting={"reason": "CrashLoopBackOff"})]},
            ("0/2", "Init:CrashLoopBackOff", 3),
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [
                _container("init", False, 1, terminated={"exitCode": 75, "reason": "Error"})]},
            ("0/2", "Init:Error", 1),
        ),
        (
            {"phase": "Running", "initContainerStatuses": [INIT_DONE], "containerStatuses": [
                MONITOR, _container("avago", True, 0, running={})]},
            ("2/2", "Running", 1),
        ),
        (
            {"phase": "Running", "initContainerStatuses": [INIT_DONE], "containerStatuses": [
                MONITOR, _container("avago", False, 2, waiting={"reason": "CrashLoopBackOff"})]},
            ("1/2", "CrashLoopBackOff", 3),
        ),
        ({"phase": "Failed", "reason": "Evicted"}, ("0/2", "Evicted", 0)),
    ],
    ids=["pending", "init", "init-back-off", "init-error", "running", "crash-loop", "evicted"],
)  # fmt: skip
def test_pods_are_as_kubectl_shows_them(status: Json, seen: tuple[str, str, int]) -> None:
    [found] = reading.pods([_pod(status)], NOW)
    assert (found.ready, found.status, found.restarts) == seen
    assert (found.age_seconds, found.image) == (42, "node:latest")


def test_a_pod_runs_while_its_node_does() -> None:
    running_node = {"containerStatuses": [_container("avago", False, 0, running={})]}
    [ending] = reading.pods([_pod(running_node, deletionTimestamp="2026-11-21T16:05:00Z")], NOW)
    [runs, waits] = reading.pods([_pod(running_node), _pod({"containerStatuses": [MONITOR]})], NOW)
    assert (ending.status, ending.runs) == ("Terminating", False)
    assert (runs.runs, waits.runs) == (True, False)


def test_node_from_health_and_metrics() -> None:
    health = json.dumps({"healthy": False, "checks": {"bootstrapped": {"message": ["S"]}, "P": {}}})
    metrics = "\n".join(
        [
            "# TYPE avalanche_snowman_last_accepted_height gauge",
            'avalanche_snowman_bs_fetched{chain="C"} 9',
            'avalanche_snowman_last_accepted_height{chain="C"} 30',
            'avalanche_snowman_last_accepted_height{chain="P"} 7',
        ]
    )
    assert reading.node(health, metrics) == Node({"C": 30, "P": 7}, ("S",), healthy=False)
    assert reading.node('{"healthy": true, "checks": {}}', "").bootstrapping == ()


def test_what_the_stateful_set_tells() -> None:
    entry = {
        "image": image("a"), "start": "s", "verdict": "failed", "reason": "Stalled", "message": "m",
        "durationSeconds": 2.5, "diskBytes": None, "nodeLog": "left out",
    }  # fmt: skip
    annotations = {"avalanche.avax.network/bootstrap-results": json.dumps([entry])}
    template: Json = {
        "metadata": {},
        "spec": {"containers": [{"name": "monitor", "image": "m"}, {"name": "avago", "image": "r:5000/a:nightly"}]},
    }
    body: Json = {"metadata": {"annotations": annotations}, "spec": {"template": template}}
    assert reading.results(body) == (Result(image("a"), "s", "failed", "Stalled", "m", 2.5, None),)
    assert (reading.image(body), reading.tag(body)) == ("r:5000/a:nightly", "nightly")
    template["metadata"]["annotations"] = {"avalanche.avax.network/tracked-tag": "followed"}
    assert reading.tag(body) == "followed"
    assert reading.results({"metadata": {}}) == ()


def test_log_lines_with_what_matters_of_them() -> None:
    entries = [
        {"msg": "Watching the node", "level": "info", "startTime": "then"},
        {"msg": "Found", "level": "warning", "image": image("b"), "failing": ["p", "q"], "other": 1},
        {
            "msg": "Decided",
            "message": f"`{digest('c')}` is on the volume",
            "startTime": "not of a test that is watched",
        },
    ]
    texts = [*map(json.dumps, entries), "no JSON"]
    first, second, third = reading.log(Line("t", "test-0", "u", "monitor", 0, "stdout", text) for text in texts)
    assert (first.start, first.details) == ("then", "")
    assert (second.level, second.details) == ("warning", "sha256:bbbbbbbb p, q")
    assert (third.start, third.details) == (None, "`sha256:cccccccc` is on the volume")


def test_the_start_is_that_of_the_present_pod() -> None:
    assert (
        running(uid="new", log=(watching("old", "before"), watching("new", "now"), watching("old", "x"))).start == "now"
    )
    assert running(uid="new", log=(watching("old"),)).start is None
    probe = pod(uid="p", name="bootstrap-mainnet-full-sync-0-image-probe")
    assert running(pods=(probe, pod(uid="mine"))).uid == "mine"


@pytest.mark.parametrize(
    ("reference", "shown"),
    [(image("a"), "sha256:aaaaaaaa"), ("registry:5000/node:latest", ":latest")],
    ids=["digest", "tag"],
)
def test_short(reference: str, shown: str) -> None:
    assert short(reference) == shown
