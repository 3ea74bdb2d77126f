"""A data volume that holds something before the tester's first pod starts on it."""

from __future__ import annotations

from pathlib import Path

from e2e.kit import manifests
from e2e.kit.rig import Rig

NAME = "first-user"


def bind(rig: Rig) -> Path:
    """The root, on this machine, of the volume that the first pod of a tester of no replicas will have.

    A claim is given a volume when a pod uses it: one that has nothing to do.
    """
    claim = manifests.volume_claim()
    name = f"{claim['metadata']['name']}-{rig.pod_name}"
    rig.api.create(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": claim["spec"]}
    )
    container = {
        "name": NAME,
        "image": rig.monitor_image,
        "command": ["./bootstrap-monitor", "version"],
        "volumeMounts": [{"name": manifests.VOLUME, "mountPath": manifests.DATA_DIR}],
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "containers": [container],
        "volumes": [{"name": manifests.VOLUME, "persistentVolumeClaim": {"claimName": name}}],
    }
    rig.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME}, "spec": spec})

    def bound() -> bool:
        return bool(rig.api.get("PersistentVolumeClaim", name)["status"].get("phase") == "Bound")

    rig.until(bound, f"a volume for the claim {name}")
    rig.api.delete("Pod", NAME, grace_seconds=1)
    rig.until(lambda: rig.api.find("Pod", NAME) is None, f"the pod {NAME} gone")
    return rig.volume()
