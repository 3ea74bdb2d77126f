"""The default StorageClass and its volumes: folders on this machine, handed out once a pod uses a claim."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.api import Api, Json, RefusedError
from e2e.clusters.host.commands import run

CLASS = "folders"
COUNT = 192
"""More than the scenarios of one run have claims, each variant counted."""
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
VOLUMES = "/api/v1/persistentvolumes"
USED_UP = {"Released", "Failed"}
DELETE_SECONDS = 20.0
REMEDY = "look at the log of kube-controller-manager; `scripts/cluster host down`, then `up`, begins anew"


def create(api: Api, folder: Path) -> None:
    api.request("POST", CLASSES, _storage_class())
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for number in range(COUNT):
        _create_volume(api, folder / f"{number:03}")


def renew(api: Api, folder: Path) -> int:
    """Makes those anew whose claim is gone: emptied, and free for another claim. Tells how many."""
    volumes = api.request("GET", VOLUMES)["items"]
    used_up = [volume["metadata"]["name"] for volume in volumes if volume["status"].get("phase") in USED_UP]
    for name in used_up:
        _delete_volume(api, name)
        _create_volume(api, folder / name.removeprefix(f"{CLASS}-"))
    return len(used_up)


def limit(folder: Path, size_bytes: int) -> None:
    """From the next start of a pod on, this volume is empty, and has so much room: a filesystem in memory."""
    options = f"size={size_bytes},mode=0777"
    run(["mount", "-t", "tmpfs", "-o", options, "bootstrap-monitor", folder], remedy="see `findmnt` for what is there")


def _create_volume(api: Api, folder: Path) -> None:
    if folder.is_mount():
        run(["umount", "--lazy", folder], remedy="see who holds it with `fuser --mount`")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    # Whatever user a pod runs as may write.
    folder.chmod(0o777)
    api.request("POST", VOLUMES, _volume(folder))


def _delete_volume(api: Api, name: str) -> None:
    """Returns when it is gone: the controller manager takes its protection off first."""
    deadline = time.monotonic() + DELETE_SECONDS
    try:
        api.request("DELETE", f"{VOLUMES}/{name}")
        while time.monotonic() < deadline:
            api.request("GET", f"{VOLUMES}/{name}")
            time.sleep(0.02)
    except RefusedError as refused:
        if refused.status == 404:
            return
        raise
    raise ClusterError(f"the volume {name} is not deleted after {DELETE_SECONDS:.0f} s", REMEDY)


def _storage_class() -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Retain",
    }


def _volume(folder: Path) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{CLASS}-{folder.name}"},
        "spec": {
            "storageClassName": CLASS,
            # Nothing enforces it: any claim fits.
            "capacity": {"storage": "1Ti"},
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(folder), "type": "DirectoryOrCreate"},
        },
    }
