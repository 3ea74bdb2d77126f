"""How pods end: by deletion, by force, by their deadline, with the kubelet; and what begins again."""

from __future__ import annotations

import psutil
import pytest

from tests.local.kubelet.world import DEAF, NAMESPACE, SLEEPS, World, lives, pid_of, until

EMPTY = {"name": "shared", "emptyDir": {}}
MOUNT = {"name": "shared", "mountPath": "/shared"}


def test_a_deleted_pod_gets_sigterm_and_goes_with_its_folders(world: World) -> None:
    world.create(world.container(f"sleep 1000 & {SLEEPS}", volumeMounts=[MOUNT]), volumes=[EMPTY])
    pid = pid_of(world.until_running())
    group = until(lambda: psutil.Process(pid).children(), "a child")
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()
    assert not lives(pid)
    assert not any(lives(child.pid) for child in group)
    until(lambda: not list((world.folder / "pod-logs").iterdir()), "no logs")
    until(lambda: not list((world.folder / "kubelet/pods").iterdir()), "no folder")


@pytest.mark.parametrize("init", [True, False], ids=["init", "main"])
def test_a_deaf_container_is_killed_when_its_grace_is_over(world: World, init: bool) -> None:
    deaf = world.container("echo begun; " + DEAF, name="deaf")
    if init:
        world.create(world.container(), initContainers=[deaf])
    else:
        world.create(deaf)
    pid = pid_of(world.until_running("deaf"))
    world.until_logged("begun", "deaf")
    world.api.delete("Pod", "pod", NAMESPACE)
    assert world.pod()["metadata"]["deletionGracePeriodSeconds"] > 1
    world.api.delete("Pod", "pod", NAMESPACE, {"gracePeriodSeconds": 1})
    world.until_gone()
    assert not lives(pid)


def test_a_pod_that_was_removed_by_force_is_ended_too(world: World) -> None:
    world.create(world.container())
    pid = pid_of(world.until_running())
    world.api.delete("Pod", "pod", NAMESPACE, {"gracePeriodSeconds": 0})
    until(lambda: not lives(pid), "the process gone")
    world.create(world.container())
    assert pid_of(world.until_running()) != pid


def test_a_waiting_pod_can_be_deleted(world: World) -> None:
    world.create(world.container() | {"image": f"{world.registry.host}/none:1"})
    world.until_waiting("ImagePullBackOff")
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()


def test_the_deadline_of_a_pod_ends_it_and_what_waits_is_lost(world: World) -> None:
    missing = world.container(name="two") | {"image": f"{world.registry.host}/none:1"}
    world.create(world.container(), missing, activeDeadlineSeconds=1)
    until(lambda: world.pod()["status"].get("phase") == "Failed", "failed")
    assert world.pod()["status"]["reason"] == "DeadlineExceeded"
    assert world.status("one")["state"]["terminated"]["exitCode"] == 143
    lost = world.status("two")["state"]["terminated"]
    assert (lost["exitCode"], lost["reason"], lost.get("startedAt")) == (137, "ContainerStatusUnknown", None)


def test_a_pod_that_fits_nowhere_waits_for_no_node(world: World) -> None:
    world.create(world.container(), nodeSelector={"no-node": "has-this"})
    until(lambda: world.pod()["status"].get("conditions"), "a condition")
    [told] = world.pod()["status"]["conditions"]
    assert (told["type"], told["status"], told["reason"]) == ("PodScheduled", "False", "Unschedulable")
    assert "nodeName" not in world.pod()["spec"]
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()


def test_a_killed_container_starts_again(world: World) -> None:
    world.create(world.container(), world.container(name="two"))
    first, other = world.until_running(), world.until_running("two")
    world.kubelet.kill(first["containerID"])
    again = world.until_running(restarts=1)
    assert again["lastState"]["terminated"]["exitCode"] == 137
    assert pid_of(again) != pid_of(first)
    assert world.status("two") == other
    with pytest.raises(KeyError):
        world.kubelet.kill(first["containerID"])


def test_a_sidecar_starts_before_the_others_and_ends_after_them(world: World) -> None:
    say = "trap 'echo ended $(date +%s%N); exit 0' TERM; echo begun $(date +%s%N); while :; do sleep 0.05; done"
    sidecar = world.container(say, name="sidecar", restartPolicy="Always")
    world.create(world.container(say), initContainers=[sidecar, world.container("exit 0", name="init")])
    world.until_logged("begun")
    logs = [(world.folder / "pod-logs").joinpath(*path) for path in paths(world, "sidecar", "one")]
    files = [log.open() for log in logs]
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()
    times: dict[tuple[str, str], int] = {}
    for name, file in zip(("sidecar", "one"), files, strict=True):
        with file:
            times |= {(name, line.split()[3]): int(line.split()[4]) for line in file}
    order = sorted(times, key=lambda key: times[key])
    assert order == [("sidecar", "begun"), ("one", "begun"), ("one", "ended"), ("sidecar", "ended")]


def paths(world: World, *containers: str) -> list[tuple[str, ...]]:
    uid = world.pod()["metadata"]["uid"]
    return [(f"{NAMESPACE}_pod_{uid}", name, "0.log") for name in containers]


def test_no_process_and_no_thread_survives_the_kubelet(world: World) -> None:
    others = psutil.Process().children()
    world.create(world.container(f"sleep 1000 & {DEAF}"), world.container(DEAF, name="two"))
    pids = [pid_of(world.until_running(name)) for name in ("one", "two")]
    world.kubelet.stop()
    assert not any(lives(pid) for pid in pids)
    assert psutil.Process().children() == others
    assert "running" in world.status()["state"]


def test_after_a_kubelet_another_runs_the_same_pods(world: World) -> None:
    world.create(world.container("echo run; " + SLEEPS), initContainers=[world.container("exit 0", name="init")])
    world.create(world.container("exit 0"), name="done", restartPolicy="Never")
    until(lambda: world.pod("done")["status"].get("phase") == "Succeeded", "done")
    world.until_running()
    before = world.pod()
    done = world.pod("done")
    world.kubelet.stop()
    world.restart()
    told = world.until_running(restarts=1)
    after = world.pod()
    assert told["lastState"]["terminated"]["exitCode"] == 255
    assert world.status("init")["restartCount"] == 1
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    for field in ("startTime", "podIP"):
        assert after["status"][field] == before["status"][field]
    assert world.pod("done") == done
