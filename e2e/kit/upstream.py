"""The tester that upstream's own end-to-end test deploys: what a monitor of another make has to work with."""

from __future__ import annotations

from collections.abc import Mapping

from e2e.kit.api import Json
from e2e.kit.manifests import (
    HTTP_PORT,
    INIT,
    NODE,
    NODE_DATA_DIR,
    SIDECAR,
    VERSIONS_ANNOTATION,
    VOLUME,
    env,
    liveness,
    monitor,
    permissions,
    volume_claim,
)

NAME = "bootstrap-tester"
TAG = "master"
STAKING_PORT = 9651
ANNOTATIONS = {
    "prometheus.io/scrape": "true",
    "prometheus.io/path": "/ext/metrics",
    "promtail/collect": "true",
    "k8s.grafana.com/metrics_path": "/ext/metrics",
    "k8s.grafana.com/port": str(HTTP_PORT),
    "k8s.grafana.com/scrape": "true",
    # There, and empty, for a patch that replaces it.
    VERSIONS_ANNOTATION: "",
}
NODE_ENV = {
    "AVAGO_API_ADMIN_ENABLED": "true",
    "AVAGO_DATA_DIR": NODE_DATA_DIR,
    "AVAGO_INDEX_ENABLED": "true",
    "AVAGO_LOG_DISPLAY_LEVEL": "DEBUG",
    "AVAGO_LOG_LEVEL": "DEBUG",
    "AVAGO_NETWORK_PEER_LIST_PULL_GOSSIP_FREQUENCY": "250ms",
    "AVAGO_SYSTEM_TRACKER_DISK_REQUIRED_AVAILABLE_SPACE_PERCENTAGE": "0",
    "AVAGO_SYSTEM_TRACKER_DISK_WARNING_AVAILABLE_SPACE_PERCENTAGE": "0",
}


def role(namespace: str) -> list[Json]:
    """For the service account that every namespace has."""
    return [body for body in permissions(namespace, "default") if body["kind"] != "ServiceAccount"]


def stateful_set(node_image: str, monitor_image: str, node_env: Mapping[str, str]) -> Json:
    """Its name is generated; no service account, grace period, policy or strategy is named."""
    labels = {"app": NAME}
    intervals = ("--health-check-interval=1s", "--image-check-interval=1s")
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"generateName": f"{NAME}-"},
        "spec": {
            "replicas": 1,
            "serviceName": NAME,
            "selector": {"matchLabels": labels},
            "volumeClaimTemplates": [volume_claim("128Mi")],
            "template": {
                "metadata": {"labels": labels, "annotations": ANNOTATIONS},
                "spec": {
                    "initContainers": [monitor(INIT, monitor_image, "init", (), read_only=False)],
                    "containers": [
                        _node(node_image, node_env),
                        monitor(SIDECAR, monitor_image, "wait-for-completion", intervals, read_only=True),
                    ],
                },
            },
        },
    }


def _node(image: str, node_env: Mapping[str, str]) -> Json:
    return {
        "name": NODE,
        "image": image,
        "imagePullPolicy": "Always",
        "env": env(dict(sorted({**NODE_ENV, **node_env}.items()))),
        "ports": [
            {"name": "http", "containerPort": HTTP_PORT},
            {"name": "staker", "containerPort": STAKING_PORT},
        ],
        "volumeMounts": [{"name": VOLUME, "mountPath": NODE_DATA_DIR}],
        "readinessProbe": liveness(),
    }
