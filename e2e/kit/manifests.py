"""What people deploy, as pure functions: a bootstrap tester's StatefulSet and its permissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from e2e.kit.api import Json

SERVICE_ACCOUNT = "bootstrap-tester"
VERSIONS_ANNOTATION = "avalanche.avax.network/avalanchego-versions"
RESULTS_ANNOTATION = "avalanche.avax.network/bootstrap-results"
PIN_ATTEMPTS_ANNOTATION = "avalanche.avax.network/bootstrap-pin-attempts"
TRACKED_TAG_ANNOTATION = "avalanche.avax.network/tracked-tag"
RETEST_ANNOTATION = "avalanche.avax.network/bootstrap-retest"
DETAILS_FILE = "bootstrap_test_details.txt"

VOLUME = "data"
DATA_DIR = "/data"
NODE_DATA_DIR = "/data/avalanchego"
NODE, INIT, SIDECAR = "avago", "init", "monitor"
HTTP_PORT = 9650


class VolumeShape(Enum):
    """How the node's container mounts the data volume; the monitor's containers always mount it at /data."""

    NODE_AT_ROOT = "the node's files lie at the volume's root: mounted at /data/avalanchego, as upstream deploys it"
    NODE_IN_FOLDER = "the node's files lie in the volume's folder `avalanchego`: mounted at /data"

    @property
    def node_mount(self) -> str:
        return NODE_DATA_DIR if self is VolumeShape.NODE_AT_ROOT else DATA_DIR

    @property
    def folder(self) -> str:
        """Of the node's files, on the volume."""
        return "" if self is VolumeShape.NODE_AT_ROOT else "avalanchego"


@dataclass(frozen=True, kw_only=True)
class Tester:
    """A bootstrap tester; what a scenario does not name is as most people deploy it."""

    __test__: ClassVar = False
    """pytest takes names like this one for a test's."""

    node_image: str
    monitor_image: str
    name: str = "tester"
    shape: VolumeShape = VolumeShape.NODE_IN_FOLDER
    node_env: Mapping[str, str] = field(default_factory=dict)
    """Added to the network and the data directory."""
    node_position: int = 0
    """Of the node among the pod's containers."""
    template_annotations: Mapping[str, str] | None = None
    """``None``: the template has no annotations at all."""
    pod_management_policy: str = "OrderedReady"
    update_strategy: Mapping[str, Any] = field(default_factory=lambda: {"type": "RollingUpdate"})
    replicas: int = 1
    readiness_probe: bool = True
    read_only_sidecar: bool = True
    health_check_interval: str = "1s"
    image_check_interval: str = "3s"
    """Each look after a verdict starts a pod: at one a second, scenarios side by side starve each other."""
    init_args: tuple[str, ...] = ()
    sidecar_args: tuple[str, ...] = ()
    min_free: str = "1%"
    """Of the volume's filesystem: a machine's own disk, which may be fuller than the 95 % of the default."""
    events: bool = False
    """Whether Events are granted, which upstream's Role does not do."""
    monitor_env: Mapping[str, str] = field(default_factory=dict)
    """Of both containers of the monitor."""
    command: tuple[str, ...] = ("./bootstrap-monitor",)
    grace_seconds: int = 10

    def objects(self, namespace: str) -> list[Json]:
        """In the order in which they are made."""
        return [*permissions(namespace, SERVICE_ACCOUNT, events=self.events), self.stateful_set()]

    def stateful_set(self) -> Json:
        labels = {"app": self.name}
        metadata: Json = {"labels": labels}
        if self.template_annotations is not None:
            metadata["annotations"] = dict(self.template_annotations)
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": self.name},
            "spec": {
                "replicas": self.replicas,
                "serviceName": self.name,
                "podManagementPolicy": self.pod_management_policy,
                "updateStrategy": dict(self.update_strategy),
                "selector": {"matchLabels": labels},
                "template": {"metadata": metadata, "spec": self._pod()},
                "volumeClaimTemplates": [volume_claim()],
            },
        }

    def _pod(self) -> Json:
        containers = [self._sidecar()]
        containers.insert(self.node_position, self._node())
        return {
            "serviceAccountName": SERVICE_ACCOUNT,
            "terminationGracePeriodSeconds": self.grace_seconds,
            "initContainers": [self._monitor(INIT, "init", self.init_args, read_only=False)],
            "containers": containers,
        }

    def _node(self) -> Json:
        node: Json = {
            "name": NODE,
            "image": self.node_image,
            "imagePullPolicy": "Always",
            "env": env({"AVAGO_NETWORK_ID": "local", "AVAGO_DATA_DIR": NODE_DATA_DIR, **self.node_env}),
            "ports": [{"name": "http", "containerPort": HTTP_PORT}],
            "volumeMounts": [{"name": VOLUME, "mountPath": self.shape.node_mount}],
        }
        return node | ({"readinessProbe": liveness()} if self.readiness_probe else {})

    def _sidecar(self) -> Json:
        intervals = (
            f"--health-check-interval={self.health_check_interval}",
            f"--image-check-interval={self.image_check_interval}",
        )
        args = (*intervals, f"--min-free={self.min_free}", *self.sidecar_args)
        return self._monitor(SIDECAR, "wait-for-completion", args, read_only=self.read_only_sidecar)

    def _monitor(self, name: str, verb: str, args: Iterable[str], *, read_only: bool) -> Json:
        container = monitor(name, self.monitor_image, verb, args, read_only=read_only)
        container["command"] = list(self.command)
        container["env"] += env(self.monitor_env)
        # The pods are made anew all the time, and this image never changes meanwhile.
        container["imagePullPolicy"] = "IfNotPresent"
        return container


def monitor(name: str, image: str, verb: str, args: Iterable[str], *, read_only: bool) -> Json:
    """A container of the monitor, by upstream's flags and variables."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "Always",
        "command": ["./bootstrap-monitor"],
        "args": [verb, f"--node-container-name={NODE}", f"--data-dir={DATA_DIR}", "--log-format=json", *args],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        ],
        "volumeMounts": [{"name": VOLUME, "mountPath": DATA_DIR} | ({"readOnly": True} if read_only else {})],
    }


def permissions(namespace: str, service_account: str, *, events: bool = False) -> list[Json]:
    """A Role with exactly the verbs that people have granted to upstream's program; and Events, if asked for."""
    account = {"kind": "ServiceAccount", "name": service_account, "namespace": namespace}
    name, group = "bootstrap-monitor", "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": service_account}},
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": {"name": name},
            "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "create", "watch", "delete"]},
                {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
                {"apiGroups": ["apps"], "resources": ["statefulsets"], "verbs": ["patch"]},
                *([{"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}] if events else []),
            ],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "subjects": [account],
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
        },
    ]


def env(variables: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in variables.items()]


def liveness() -> Json:
    """The node's process answers: Ready says nothing about a bootstrap."""
    return {"httpGet": {"path": "/ext/health/liveness", "port": HTTP_PORT}, "periodSeconds": 1, "successThreshold": 1}


def volume_claim(size: str = "1Gi") -> Json:
    return {
        "metadata": {"name": VOLUME},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }
