"""A StatefulSet and its pod, as the API server answers with them, and the worlds that decisions are made on."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bootstrap_monitor.core import details, fingerprint, image, names, node_data, test_config
from bootstrap_monitor.core.attempts import AttemptKind, AttemptLimit
from bootstrap_monitor.core.details import Details, DetailsFile, NoDetails
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.core.restore.marker import Marker
from bootstrap_monitor.core.stateful_set import StatefulSet
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods
from tests.core.pods import NODE

NAME = "rig"
REPOSITORY = "registry.example:5000/avalanchego"
FLOATING = f"{REPOSITORY}:latest"
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64
PINNED = f"{REPOSITORY}@{DIGEST}"
VERSIONS = '{"application":"avalanchego/1.14.2","commit":"","database":"v1.4.5","go":"1.25.1","rpcchainvm":44}'
PINNED_ANNOTATIONS = {names.VERSIONS_ANNOTATION: VERSIONS, names.TRACKED_TAG_ANNOTATION: "latest"}

NOW = datetime(2024, 5, 8, 12, 0, tzinfo=UTC)
START = "2024-05-01T12:00:00.123456789Z"
"""As upstream's program writes it."""
PIN, SELF_DELETION = AttemptKind.PIN, AttemptKind.SELF_DELETION
LIMIT = AttemptLimit(3, timedelta(minutes=10))


def template(node_image: str = PINNED, annotations: Mapping[str, str] | None = None) -> JsonObject:
    """A pod template: ``init`` and the monitor beside the node. A pinned image has the annotations of a pin."""
    if annotations is None:
        annotations = PINNED_ANNOTATIONS if "@" in node_image else {}
    return {
        "metadata": {"labels": {"app": NAME}, "annotations": dict(annotations)},
        "spec": {
            "initContainers": [{"name": "init", "image": "monitor:1", "volumeMounts": [pods.mount("data", "/data")]}],
            "containers": [
                pods.container(
                    image=node_image,
                    imagePullPolicy="IfNotPresent",
                    env=pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_HTTP_HOST="0.0.0.0"),
                    volumeMounts=[pods.mount("data", "/data/avalanchego")],
                ),
                {"name": "monitor", "image": "monitor:1", "args": ["wait-for-completion", "--data-dir", "/data"]},
            ],
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "rig", "operator": "Exists"}],
            "terminationGracePeriodSeconds": 30,
        },
    }


def node_of(pod_or_template: JsonObject) -> JsonObject:
    """The node's container, to be edited."""
    containers: list[JsonObject] = pod_or_template["spec"]["containers"]
    return next(item for item in containers if item["name"] == NODE)


def stateful_set(
    pod_template: JsonObject | None = None,
    *,
    revision: str = "rig-1",
    annotations: Mapping[str, str] | None = None,
    strategy: JsonObject | None = None,
    observed: bool = True,
    ordinals: JsonObject | None = None,
) -> StatefulSet:
    """With the update revision in its status, which is stale unless ``observed``."""
    return StatefulSet(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {
                "name": NAME,
                "uid": "6d1f",
                "resourceVersion": "4711",
                "generation": 3,
                "annotations": dict(annotations or {}),
            },
            "spec": {
                "replicas": 1,
                "template": pod_template or template(),
                "updateStrategy": strategy or {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                **({"ordinals": ordinals} if ordinals else {}),
            },
            "status": {"observedGeneration": 3 if observed else 2, "updateRevision": revision},
        }
    )


def partition(ordinal: int) -> JsonObject:
    """The strategy that keeps the pods below ``ordinal`` as they are."""
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": ordinal}}


def pod_from(pod_template: JsonObject, *, ordinal: int = 0, revision: str = "rig-1") -> JsonObject:
    """The pod that the controller makes, with what admission adds."""
    pod = copy.deepcopy(pod_template)
    pod["metadata"].update(
        name=f"{NAME}-{ordinal}",
        uid="9c2e",
        ownerReferences=[{"kind": "StatefulSet", "name": NAME, "controller": True}],
    )
    pod["metadata"]["labels"] |= {
        "controller-revision-hash": revision,
        "statefulset.kubernetes.io/pod-name": f"{NAME}-{ordinal}",
        "apps.kubernetes.io/pod-index": str(ordinal),
    }
    spec = pod["spec"]
    for container in [*spec["initContainers"], *spec["containers"]]:
        container.setdefault("volumeMounts", []).append(
            pods.mount("token", "/var/run/secrets/kubernetes.io/serviceaccount")
        )
    spec["volumes"] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{NAME}-{ordinal}"}},
        {"name": "token", "projected": {"sources": []}},
    ]
    spec["tolerations"].append({"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"})
    spec["hostname"] = f"{NAME}-{ordinal}"
    return pod


def own_fingerprint(pod: JsonObject) -> Fingerprint:
    """The fingerprint of the test that the pod is for."""
    config = test_config.derive(pod, NODE)
    retest = (pod["metadata"].get("annotations") or {}).get(names.RETEST_ANNOTATION)
    return fingerprint.of(config, image.parse(config.image), retest)


def details_of(pod: JsonObject) -> Details:
    """The file that ``init`` wrote for the test of this pod."""
    own = image.parse(str(node_of(pod)["image"]))
    return Details(
        image=str(own),
        start_time=START,
        repository=own.repository,
        tracked_tag="latest",
        versions=VERSIONS,
        fingerprint=own_fingerprint(pod).fields(),
    )


def parsed(file: Details) -> Details:
    """The same as the next release of the pod reads it."""
    read = details.parse(file.encode())
    assert isinstance(read, Details)
    return read


def tried(kind: AttemptKind, *ages: timedelta) -> dict[str, str]:
    """The StatefulSet's annotation after attempts of these ages."""
    entries = [{"time": (NOW - age).isoformat(), "kind": str(kind)} for age in ages]
    return {names.PIN_ATTEMPTS_ANNOTATION: json.dumps(entries)}


def minutes(*counts: float) -> list[timedelta]:
    """These, as durations."""
    return [timedelta(minutes=count) for count in counts]


def init_world(
    own: JsonObject,
    stateful: StatefulSet | None = None,
    file: DetailsFile | None = None,
    *,
    container: str = NODE,
    option: str | None = None,
    archive: str = "",
    restore: Marker | None = None,
    now: datetime = NOW,
) -> InitWorld:
    """What ``init`` gathers in the pod ``own``; without a StatefulSet, one with the pod's own template."""
    config: TestConfig | ConfigurationError
    try:
        config = test_config.derive(own, container)
    except ConfigurationError as error:
        config = error
    places: NodeData | ConfigurationError
    try:
        places = node_data.derive(own, container, "/data", "/data/avalanchego")
    except ConfigurationError as error:
        places = error
    return InitWorld(
        pod=own,
        stateful_set=stateful or stateful_set(),
        details=NoDetails() if file is None else file,
        config=config,
        places=places,
        container=container,
        tracked_tag_option=option,
        initial_db_archive=archive,
        restore=restore,
        limit=LIMIT,
        now=now,
    )
