"""Volumes for claims: each PersistentVolumeClaim gets a folder of its own at once, which goes with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import MERGE
from e2e.clusters.local.api.verbs import Api

CLAIM, VOLUME = "PersistentVolumeClaim", "PersistentVolume"


class Claims:
    """Reconciles all claims. The folders are in ``folder``, each named as its PersistentVolume is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reconcile(self, api: Api) -> None:
        claims = {claim["metadata"]["uid"]: claim for claim in api.list(CLAIM)["items"]}
        volumes = {volume["metadata"]["name"]: volume for volume in api.list(VOLUME)["items"]}
        for claim in claims.values():
            if claim.get("status", {}).get("phase") != "Bound":
                self._bind(api, claim, volumes)
        for volume in volumes.values():
            bound = volume["spec"].get("claimRef")
            deletable = volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
            if bound and deletable and bound["uid"] not in claims and not _in_use(api, bound):
                self._remove(api, volume)

    def _bind(self, api: Api, claim: Json, volumes: dict[str, Json]) -> None:
        """In this order, so that a turn that is cut off is finished by the next: folder, volume, claim."""
        metadata, spec = claim["metadata"], claim["spec"]
        name = f"pvc-{metadata['uid']}"
        shared = {"accessModes": spec.get("accessModes", []), "capacity": spec["resources"]["requests"]}
        if name not in volumes:
            folder = self._folder / name
            folder.mkdir(parents=True, exist_ok=True)
            # Whatever user a container runs as may write.
            folder.chmod(0o777)
            api.create(_volume(name, claim, folder, shared))
        uid = api.get(VOLUME, name)["metadata"]["uid"]
        api.set_status(VOLUME, name, "", uid, {"phase": "Bound"})
        bound = {"metadata": {"uid": metadata["uid"]}, "spec": {"volumeName": name}}
        api.patch(CLAIM, metadata["name"], bound, MERGE, metadata["namespace"])
        api.set_status(CLAIM, metadata["name"], metadata["namespace"], metadata["uid"], {"phase": "Bound", **shared})

    def _remove(self, api: Api, volume: Json) -> None:
        """The folder first: as long as the volume is there, another turn finds it."""
        folder = self._folder / volume["metadata"]["name"]
        if folder.exists():
            folder.chmod(0o700)
            # A program may have closed folders of its own.
            for parent, inner, _ in os.walk(folder):
                for name in inner:
                    if not Path(parent, name).is_symlink():
                        Path(parent, name).chmod(0o700)
            shutil.rmtree(folder)
        api.delete(VOLUME, volume["metadata"]["name"])


def _volume(name: str, claim: Json, folder: Path, shared: Json) -> Json:
    metadata = claim["metadata"]
    spec = {
        **shared,
        "persistentVolumeReclaimPolicy": "Delete",
        "volumeMode": "Filesystem",
        "hostPath": {"path": str(folder), "type": "DirectoryOrCreate"},
        "claimRef": {"apiVersion": "v1", "kind": CLAIM} | {key: metadata[key] for key in ("namespace", "name", "uid")},
    }
    if storage_class := claim["spec"].get("storageClassName"):
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": VOLUME, "metadata": {"name": name}, "spec": spec}


def _in_use(api: Api, claim: Json) -> bool:
    """By a pod that has not ended yet."""
    return any(
        volume.get("persistentVolumeClaim", {}).get("claimName") == claim["name"]
        for pod in api.list("Pod", claim["namespace"])["items"]
        for volume in pod["spec"].get("volumes") or []
    )
