"""Pods as processes of this machine: started in order, started again, and ended without a trace."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.kubelet.leftovers import members
from tests.local.kubelet.world import NAMESPACE, SLEEPS, World, lives, pid_of, until

EMPTY = {"name": "shared", "emptyDir": {}}
MOUNT = {"name": "shared", "mountPath": "/shared"}


def test_init_containers_run_in_order_and_share_a_folder_with_the_others(world: World) -> None:
    world.create(
        world.container("cat /shared/order; " + SLEEPS, volumeMounts=[MOUNT]),
        world.container(name="two"),
        initContainers=[
            world.container(f"echo {name} >> /shared/order", name=name, volumeMounts=[MOUNT]) for name in ("a", "b")
        ],
        volumes=[EMPTY],
    )
    world.until_running("two")
    assert world.until_logged("b") == "a\nb\n"
    assert [world.status(name)["state"]["terminated"]["reason"] for name in ("a", "b")] == ["Completed"] * 2
    pod = world.pod()
    assert pod["spec"]["nodeName"] == "local"
    until(lambda: world.pod()["status"]["phase"] == "Running", "the pod runs")
    assert {told["type"] for told in world.pod()["status"]["conditions"] if told["status"] == "True"} == {
        "PodScheduled",
        "PodReadyToStartContainers",
        "Initialized",
        "ContainersReady",
        "Ready",
    }


def test_a_failing_container_starts_again_in_the_same_pod_after_a_while(world: World) -> None:
    created = world.create(world.container("echo run; exit 3"))
    message = world.until_waiting("CrashLoopBackOff")
    assert message.startswith("back-off ")
    assert message.endswith(f"restarting failed container=one pod=pod_{NAMESPACE}({created['metadata']['uid']})")
    until(lambda: world.status()["restartCount"] >= 2, "two restarts")
    told = world.status()
    assert (told["state"].get("terminated") or told["lastState"]["terminated"])["exitCode"] == 3
    assert world.pod()["metadata"]["uid"] == created["metadata"]["uid"]
    assert "run\n" in world.until_logged("run")


@pytest.mark.parametrize(
    ("policy", "script", "phase", "restarts"),
    [
        ("Never", "exit 3", "Failed", 0),
        ("Never", "exit 0", "Succeeded", 0),
        ("OnFailure", "exit 0", "Succeeded", 0),
        ("OnFailure", "test -e /shared/was && exit 0; touch /shared/was; exit 1", "Succeeded", 1),
    ],
)
def test_a_pod_that_has_ended_stays_and_its_log_too(
    world: World, policy: str, script: str, phase: str, restarts: int
) -> None:
    container = world.container(f"echo said; {script}", volumeMounts=[MOUNT])
    world.create(container, restartPolicy=policy, volumes=[EMPTY])
    until(lambda: world.pod()["status"].get("phase") == phase, phase)
    assert world.status()["restartCount"] == restarts
    assert world.log() == "said\n"
    world.api.delete("Pod", "pod", NAMESPACE)
    until(lambda: not list((world.folder / "pod-logs").iterdir()), "no logs")


def test_a_failing_init_container_fails_a_pod_that_does_not_start_again(world: World) -> None:
    world.create(world.container(), initContainers=[world.container("exit 78", name="init")], restartPolicy="Never")
    until(lambda: world.pod()["status"].get("phase") == "Failed", "failed")
    assert world.status("one")["state"] == {"waiting": {"reason": "PodInitializing"}}


@pytest.mark.parametrize(
    ("script", "code", "reason", "message"),
    [
        ("exit 0", 0, "Completed", None),
        ("exit 78", 78, "Error", None),
        ("kill -KILL $$$$", 137, "Error", None),
        ("kill -TERM $$$$", 143, "Error", None),
        ("printf why >/dev/termination-log; exit 1", 1, "Error", "why"),
        ("printf fine >/dev/termination-log", 0, "Completed", "fine"),
        ("printf why >$BOOTSTRAP_MONITOR_TERMINATION_LOG; exit 1", 1, "Error", "why"),
        ("printf '%05000d' 0 >/dev/termination-log; exit 1", 1, "Error", "0" * 4096),
    ],
)
def test_ends(world: World, script: str, code: int, reason: str, message: str | None) -> None:
    world.create(world.container(script), restartPolicy="Never")
    ended = world.until_ended()
    assert (ended["exitCode"], ended["reason"], ended.get("message")) == (code, reason, message)


def test_a_message_from_the_log_where_the_manifest_asks_for_it(world: World) -> None:
    world.create(
        world.container("echo why; exit 1", terminationMessagePolicy="FallbackToLogsOnError"), restartPolicy="Never"
    )
    assert world.until_ended()["message"] == "why\n"


def test_the_message_of_a_run_before_is_not_told_again(world: World) -> None:
    script = "test -e /shared/was && exit 2; touch /shared/was; printf why >/dev/termination-log; exit 1"
    world.create(world.container(script, volumeMounts=[MOUNT]), volumes=[EMPTY])

    def second_end() -> dict[str, Any] | None:
        told = world.status()
        ends = [told[state].get("terminated") or {} for state in ("state", "lastState")]
        return next((end for end in ends if end.get("exitCode") == 2), None)

    assert "message" not in until(second_end, "the second end")


def test_each_pod_has_an_address_of_its_own_and_is_ready_when_it_answers_there(world: World) -> None:
    server = (
        "import http.server, os\n"
        "address = os.environ['AVAGO_HTTP_HOST'], int(os.environ['AVAGO_HTTP_PORT'])\n"
        "http.server.test(http.server.SimpleHTTPRequestHandler, port=address[1], bind=address[0])\n"
    )
    for name in ("a", "b"):
        world.create(
            {
                "name": "one",
                "image": world.image,
                "command": ["python3", "-c", server],
                "ports": [{"name": "http", "containerPort": 9650}],
                "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "timeoutSeconds": 10},
            },
            name=name,
        )
    for name in ("a", "b"):
        until(lambda name=name: world.status(pod=name)["ready"], f"{name} ready")  # type: ignore[misc]
    addresses = {world.pod(name)["metadata"]["annotations"]["bootstrap-monitor.local/node"] for name in ("a", "b")}
    assert len(addresses) == 2
    for address in addresses:
        assert httpx.get(f"http://{address}/", trust_env=False).status_code == 200


def test_readiness_comes_and_goes_with_the_probe(world: World) -> None:
    probe = {"exec": {"command": ["sh", "-c", "test -e $HOME/ready"]}, "timeoutSeconds": 10, "failureThreshold": 1}
    world.create(world.container(SLEEPS, readinessProbe=probe))
    world.until_running()
    assert world.status()["ready"] is False
    home = world.folder / "kubelet/pods" / world.pod()["metadata"]["uid"] / "home/one"
    (home / "ready").touch()
    until(lambda: world.status()["ready"], "ready")
    (home / "ready").unlink()
    until(lambda: not world.status()["ready"], "unready")
    condition = next(told for told in world.pod()["status"]["conditions"] if told["type"] == "Ready")
    assert (condition["status"], condition["reason"]) == ("False", "ContainersNotReady")


def test_a_probe_that_hangs_fails_and_ends_with_its_container(world: World) -> None:
    probe = {"exec": {"command": ["sh", "-c", "sleep 1000; true"]}}
    world.create(world.container(readinessProbe=probe))
    pid = pid_of(world.until_running())
    probing = until(lambda: [one for one in members(pid) if "1000" in one.cmdline()], "the probe")
    assert world.status()["ready"] is False
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()
    assert not any(lives(one.pid) for one in probing)


def test_a_pod_of_another_node_is_not_touched(world: World) -> None:
    world.create(world.container(), name="theirs", nodeName="elsewhere")
    world.create(world.container(), name="ours")
    world.until_running(pod="ours")
    assert "podIP" not in world.pod("theirs")["status"]
    world.api.delete("Pod", "theirs", NAMESPACE, {"gracePeriodSeconds": 0})


def test_a_status_that_is_refused_is_told_again(world: World) -> None:
    """What somebody else changes meanwhile stops nothing."""
    world.create(world.container("exit 3"))
    for number in range(20):
        world.api.patch("Pod", "pod", {"metadata": {"labels": {"n": str(number)}}}, MERGE, NAMESPACE)
    until(lambda: world.status()["restartCount"] >= 1, "a restart")
    with pytest.raises(ApiError):
        world.pod("none")
