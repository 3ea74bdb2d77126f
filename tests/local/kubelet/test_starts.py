"""What a container is started with: its image's words, variables, paths, volumes; and what keeps it from starting."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.local.kubelet.world import NAMESPACE, SLEEPS, World, until

EMPTY = {"name": "shared", "emptyDir": {}}
MOUNT = {"name": "shared", "mountPath": "/shared"}


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
