"""The registry, and the one image in it that the cluster itself needs: what holds a pod's namespaces."""

from __future__ import annotations

import http.client
import shutil
from pathlib import Path

from e2e.clusters.host.commands import installed, run
from e2e.clusters.host.settings import PAUSE_IMAGE, REGISTRY, Layout

MANIFESTS = "application/vnd.oci.image.manifest.v1+json"
PAUSE = """FROM scratch
COPY catatonit /pause
USER 65535:65535
ENTRYPOINT ["/pause", "-P"]
"""


def answers() -> bool:
    return _status("/v2/") == 200


def ensure_pause_image(layout: Layout) -> None:
    """Images of an earlier cluster are kept: mostly it is there."""
    repository, tag = PAUSE_IMAGE.removeprefix(f"{REGISTRY}/").rsplit(":", 1)
    if _status(f"/v2/{repository}/manifests/{tag}") == 200:
        return
    work = layout.root / "pause-image"
    context = work / "context"
    context.mkdir(parents=True)
    shutil.copy(_catatonit(), context / "catatonit")
    (context / "Containerfile").write_text(PAUSE, encoding="utf-8")
    # Folders and a driver of its own: no need of, and no trace in, the machine's storage of images.
    buildah = ["buildah", "--storage-driver=vfs", f"--root={work}/storage", f"--runroot={work}/run"]
    remedy = f"see the registry's log in {layout.logs}"
    run([*buildah, "bud", "--isolation=chroot", f"--tag={PAUSE_IMAGE}", context], remedy=remedy)
    run([*buildah, "push", "--tls-verify=false", PAUSE_IMAGE], remedy=remedy)
    shutil.rmtree(work)


def _catatonit() -> Path:
    return Path(installed("catatonit"))


def _status(path: str) -> int:
    connection = http.client.HTTPConnection(REGISTRY, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept": MANIFESTS})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
