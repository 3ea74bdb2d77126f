"""The objects of one rig: a StatefulSet with the program in it, as people deploy it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject

NAMESPACE = "rig"
SET = "test"
POD = f"{SET}-0"
PROBE = f"{POD}-image-probe"
NODE = "avago"

REPOSITORY = "registry.example:5000/avax/node"
TAG = "latest"
FLOATING = f"{REPOSITORY}:{TAG}"
DIGEST = "sha256:" + "a" * 64
NEXT_DIGEST = "sha256:" + "b" * 64
PINNED = f"{REPOSITORY}@{DIGEST}"
NEXT = f"{REPOSITORY}@{NEXT_DIGEST}"
VERSIONS = '{"application":"avalanchego/1.13.0","commit":""}'
NEXT_VERSIONS = '{"application":"avalanchego/1.13.1","commit":""}'
START_TIME = "2026-01-01T00:00:00.123456789Z"
PINNED_ANNOTATIONS = {names.VERSIONS_ANNOTATION: VERSIONS, names.TRACKED_TAG_ANNOTATION: TAG}


class Shape(Enum):
    """Where on the data volume the node writes."""

    FOLDER = "avalanchego"
    """Both mount the volume at the same place; the node has a folder of it."""
    ROOT = ""
    """The node mounts the volume at its data dir: its files lie at the volume's root."""


def stateful_set(
    image: str,
    data_dir: str,
    *,
    name: str = SET,
    shape: Shape = Shape.FOLDER,
    strategy: str = "RollingUpdate",
    partition: int | None = None,
    replicas: int = 1,
    network: str | None = "fuji",
    annotations: Mapping[str, str] | None = None,
) -> JsonObject:
    """``annotations`` are the template's; by default those that a pin leaves, if the image is pinned."""
    if annotations is None:
        annotations = PINNED_ANNOTATIONS if "@" in image else {}
    ours: JsonObject = {"image": "monitor:1", "volumeMounts": [{"name": "data", "mountPath": data_dir}]}
    env = {"AVAGO_DATA_DIR": "/data/avalanchego", **({"AVAGO_NETWORK_ID": network} if network else {})}
    node: JsonObject = {
        "name": NODE,
        "image": image,
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "volumeMounts": [{"name": "data", "mountPath": "/data" if shape is Shape.FOLDER else "/data/avalanchego"}],
    }
    update: JsonObject = {"type": strategy}
    if partition is not None:
        update["rollingUpdate"] = {"partition": partition}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "updateStrategy": update,
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": dict(annotations)},
                "spec": {
                    "initContainers": [{"name": "init", "args": ["init"], **ours}],
                    "containers": [{"name": "monitor", "args": ["wait-for-completion"], **ours}, node],
                    "terminationGracePeriodSeconds": 5,
                },
            },
        },
    }


def details(image: str = PINNED, **more: Any) -> JsonObject:
    """A details file of ours, complete, of a test of ``image`` in the pod above; ``None`` leaves a key out."""
    complete: JsonObject = {
        "image": image,
        "startTime": START_TIME,
        "schema": 1,
        "repository": REPOSITORY,
        "trackedTag": TAG,
        "versions": VERSIONS,
        "fingerprint": {
            "image": image.partition("@")[2],
            "network": "fuji",
            "sync_mode": "c-chain-state-sync",
            "chain_config": "",
            "retest": "",
            "initial_db_archive": "",
        },
    }
    return {key: value for key, value in {**complete, **more}.items() if value is not None}


def template_image(stateful_set: JsonObject, container: str = NODE) -> str:
    containers = stateful_set["spec"]["template"]["spec"]["containers"]
    return str(next(item["image"] for item in containers if item["name"] == container))


def pod_image(pod: JsonObject, container: str = NODE) -> str:
    return str(next(item["image"] for item in pod["spec"]["containers"] if item["name"] == container))
