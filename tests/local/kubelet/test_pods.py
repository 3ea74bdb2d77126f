"""Pods as processes of this machine: started in order, started again, and ended without a trace."""

from __future__ import annotations

import os
from typing import Any

import httpx
import psutil
import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.kubelet.leftovers import members
from tests.local.kubelet.world import DEAF, NAMESPACE, SLEEPS, World, until

EMPTY = {"name": "shared", "emptyDir": {}}
MOUNT = {"name": "shared", "mountPath": "/shared"}


def pid_of(container: dict[str, Any]) -> int:
    return int(container["containerID"].removeprefix("process://").partition("-")[0])


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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


@pytest.mark.parametrize(
    ("command", "code", "reason"),
    [
        (["/no/such"], 128, "StartError"),
        (["no-such-program"], 128, "StartError"),
        (["./missing"], 128, "StartError"),
        (["/shared/not-executable"], 128, "StartError"),
        (["/shared/bad-interpreter"], 1, "Error"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_program_that_cannot_be_started(world: World, command: list[str], code: int, reason: str) -> None:
    make = "cd /shared; touch not-executable; printf '#!/no/such\\n' > bad-interpreter; chmod +x bad-interpreter"
    world.create(
        world.container(volumeMounts=[MOUNT]) | {"command": command},
        initContainers=[world.container(make, name="init", volumeMounts=[MOUNT])],
        restartPolicy="Never",
        volumes=[EMPTY],
    )
    ended = world.until_ended()
    assert (ended["exitCode"], ended["reason"], "message" in ended) == (code, reason, code == 128)
    assert (ended["startedAt"] == "1970-01-01T00:00:00Z") is (code == 128)


def test_one_that_cannot_be_started_is_tried_again_in_a_pod_that_starts_again(world: World) -> None:
    world.create(world.container() | {"command": ["/no/such"]})
    until(lambda: world.status()["restartCount"] >= 1, "a restart")
    assert world.status()["state"]["waiting"]["reason"] in ("RunContainerError", "CrashLoopBackOff")
    assert world.pod()["status"]["phase"] == "Running"


def test_the_image_says_what_runs_and_where(world: World) -> None:
    world.create({"name": "one", "image": world.image, "command": ["./program"]}, restartPolicy="Never")
    assert world.until_logged("image") == "I am in the image\n"


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"image": "{}/none:1"}, ["ErrImagePull", "ImagePullBackOff", "ErrImagePull"]),
        ({"image": "{}/Capital:1"}, ["InvalidImageName"]),
        ({"image": "{}/none:1", "imagePullPolicy": "Never"}, ["ErrImageNeverPull"]),
        (
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "a"}}}]},
            ["CreateContainerConfigError"],
        ),
        ({"securityContext": {"runAsNonRoot": True}}, ["CreateContainerConfigError"]),
    ],
    ids=["no image", "bad name", "never", "no secret", "as root"],
)
def test_what_keeps_a_container_from_being_made(world: World, fields: dict[str, Any], reasons: list[str]) -> None:
    if "image" in fields:
        fields = fields | {"image": fields["image"].format(world.registry.host)}
    world.create(world.container() | fields)
    for reason in reasons:
        assert world.until_waiting(reason)
    assert world.pod()["status"]["phase"] == "Pending"
    assert world.status()["restartCount"] == 0


def test_a_container_starts_once_what_it_lacked_is_there(world: World) -> None:
    reference = {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "late", "key": "a"}}}
    world.create(world.container('echo "$A"; ' + SLEEPS, env=[reference]))
    world.until_waiting("CreateContainerConfigError")
    world.api.create({"kind": "ConfigMap", "metadata": {"name": "late"}, "data": {"a": "here"}}, NAMESPACE)
    world.until_logged("here")


def test_variables_paths_and_arguments(world: World) -> None:
    world.create(
        {
            "name": "avago",
            "image": world.image,
            "command": ["sh", "-c", 'echo "$0 $AVAGO_DATA_DIR $NAME $BOOTSTRAP_MONITOR_NODE_DATA_DIR"; env'],
            "args": ["--dir=/data/$(NAME)"],
            "env": [
                {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "AVAGO_DATA_DIR", "value": "/data/node"},
                {"name": "AVAGO_HTTP_HOST", "value": "0.0.0.0"},
            ],
            "volumeMounts": [{"name": "shared", "mountPath": "/data", "subPath": "inner"}],
        },
        restartPolicy="Never",
        volumes=[EMPTY],
    )
    uid = world.pod()["metadata"]["uid"]
    data = world.folder / "kubelet/pods" / uid / "volumes/shared/inner"
    first, *variables = world.until_logged("KUBECONFIG", "avago").splitlines()
    assert first == f"--dir={data}/pod {data}/node pod {data}/node"
    pod = world.pod()
    host, _, port = pod["metadata"]["annotations"]["bootstrap-monitor.local/node"].rpartition(":")
    assert pod["status"]["podIP"] == host
    assert {
        f"AVAGO_HTTP_HOST={host}",
        f"AVAGO_HTTP_PORT={port}",
        f"BOOTSTRAP_MONITOR_NODE_URI=http://{host}:{port}",
        f"KUBECONFIG={world.folder / 'kubeconfig'}",
        f"PATH={os.environ['PATH']}",
    } <= set(variables)
    assert not [one for one in variables if one.startswith(("PYTEST", "PYTHON"))]
    assert f"HOME={os.environ['HOME']}" not in variables


def test_a_claims_volume_is_waited_for_and_outlives_the_pod(world: World) -> None:
    claimed = {"name": "data", "persistentVolumeClaim": {"claimName": "claim"}}
    script = "echo x >> /data/file; " + SLEEPS
    mounts = [{"name": "data", "mountPath": "/data"}]
    world.create(world.container(script, volumeMounts=mounts), volumes=[claimed])
    assert world.until_waiting("ContainerCreating")
    volume = {"hostPath": {"path": str(world.folder / "volume")}, "accessModes": ["ReadWriteOnce"], "capacity": {}}
    volume["capacity"] = {"storage": "1Gi"}
    world.api.create({"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": volume})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "pv"}
    world.api.create({"kind": "PersistentVolumeClaim", "metadata": {"name": "claim"}, "spec": claim}, NAMESPACE)
    world.until_running()
    until((world.folder / "volume/file").exists, "the file")
    world.api.delete("Pod", "pod", NAMESPACE)
    world.until_gone()
    assert (world.folder / "volume/file").read_text() == "x\n"


def test_config_maps_and_secrets_as_files(world: World) -> None:
    world.api.create({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}, NAMESPACE)
    world.api.create({"kind": "Secret", "metadata": {"name": "s"}, "data": {"b": "Mg=="}}, NAMESPACE)
    mounts = [{"name": name, "mountPath": f"/etc/{name}"} for name in ("c", "s")]
    world.create(
        world.container("cat /etc/c/a /etc/s/b", volumeMounts=mounts),
        restartPolicy="Never",
        volumes=[{"name": "c", "configMap": {"name": "c"}}, {"name": "s", "secret": {"secretName": "s"}}],
    )
    assert world.until_ended()["exitCode"] == 0
    assert world.log() == "12"


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
