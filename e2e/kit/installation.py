"""A shipped overlay in a scenario's world: with its images, in its namespace, and small."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.manifests import INIT, NODE, SIDECAR, VolumeShape, env
from e2e.kit.rig import Rig

INTERVALS = {"BOOTSTRAP_MONITOR_HEALTH_CHECK_INTERVAL": "1s", "BOOTSTRAP_MONITOR_IMAGE_CHECK_INTERVAL": "3s"}
LITTLE = {"requests": {"cpu": "50m", "memory": "64Mi"}}
VOLUME_SIZE = {"op": "replace", "path": "/spec/volumeClaimTemplates/0/spec/resources/requests/storage", "value": "1Gi"}
IN_USE = {"requests": {"cpu": "50m"}}
"""In place of a whole processor, of which there may be two; limits stay."""
STATEFUL_SET = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "any"}}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What a scenario does not name is as it is shipped."""

    rig: Rig
    overlay: str = "fuji-c-chain-state-sync"
    components: Sequence[str] = ()
    node_env: Mapping[str, str] = field(default_factory=dict)
    initial_db_claim: str | None = None
    """Of the component `initial-db-shared`; None: as it is shipped."""

    shape = VolumeShape.NODE_IN_FOLDER

    @property
    def name(self) -> str:
        return f"bootstrap-{self.overlay}"

    def objects(self, namespace: str) -> list[Json]:
        """In the order in which they are made."""
        node_image = self.rig.node_image
        containers = [
            {"name": NODE, "resources": LITTLE, "env": env({"AVAGO_NETWORK_ID": "local", **self.node_env})},
            {"name": SIDECAR, "env": env(INTERVALS)},
        ]
        pod: Json = {"containers": containers, "initContainers": [{"name": INIT, "resources": IN_USE}]}
        if self.initial_db_claim:
            pod["volumes"] = [{"name": "initial-db", "persistentVolumeClaim": {"claimName": self.initial_db_claim}}]
        patch = {**STATEFUL_SET, "spec": {"template": {"spec": pod}}}
        changes: Json = {
            "namespace": namespace,
            "images": [
                {"name": shipped.NODE_IMAGE, "newName": node_image.repository, "newTag": node_image.tag},
                _monitor_image(self.rig),
            ],
            "patches": [
                {"target": {"kind": "StatefulSet"}, "patch": shipped.dump(patch)},
                {"target": {"kind": "StatefulSet"}, "patch": shipped.dump([VOLUME_SIZE])},
            ],
        }
        return shipped.kustomized(self.rig.cluster.kubectl, self.overlay, changes, self.components)


def shared_archive(rig: Rig, source: str) -> list[Json]:
    """A claim, and the Job that restores a database into it."""
    variables = {"BOOTSTRAP_MONITOR_SOURCE": source}
    containers = [{"name": "restore", "resources": IN_USE, "env": env(variables)}]
    patch: Json = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "any"},
        "spec": {"template": {"spec": {"containers": containers}}},
    }
    changes: Json = {
        "namespace": rig.namespace,
        "images": [_monitor_image(rig)],
        "patches": [{"target": {"kind": "Job"}, "patch": shipped.dump(patch)}],
    }
    [archive] = shipped.ARCHIVES
    return shipped.kustomized(rig.cluster.kubectl, archive, changes)


def _monitor_image(rig: Rig) -> Json:
    name, _, digest = rig.monitor_image.partition("@")
    return {"name": shipped.MONITOR_IMAGE, "newName": name, "digest": digest}


def kubectl_apply(rig: Rig, objects: Sequence[Json], *options: str) -> subprocess.CompletedProcess[str]:
    """`kubectl apply` of these; it may fail."""
    return subprocess.run(
        [str(rig.cluster.kubectl), "apply", f"--kubeconfig={rig.cluster.kubeconfig}", *options, "--filename=-"],
        input="\n".join(map(json.dumps, objects)),
        capture_output=True,
        text=True,
        check=False,
    )
