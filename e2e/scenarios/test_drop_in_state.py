"""The monitor in a deployment that upstream's program has served so far."""

from __future__ import annotations

import json

import pytest

from e2e.conftest import MakeRig
from e2e.kit import prepared_volume
from e2e.kit.manifests import DETAILS_FILE, SIDECAR, TRACKED_TAG_ANNOTATION, VERSIONS_ANNOTATION, VOLUME, VolumeShape
from e2e.kit.rig import Rig

pytestmark = pytest.mark.scripted

VERSIONS = {
    "application": "avalanchego/1.13.0",
    "database": "v1.4.5",
    "rpcchainvm": 39,
    "commit": "",
    "go": "1.23.6",
}
BALLAST_BYTES = 3 << 20


@pytest.mark.parametrize(
    "shape",
    [VolumeShape.NODE_AT_ROOT, pytest.param(VolumeShape.NODE_IN_FOLDER, marks=pytest.mark.wide)],
    ids=["node_at_root", "node_in_folder"],
)
def test_details_of_upstreams_program(make_rig: MakeRig, shape: VolumeShape) -> None:
    """Upstream pins with the versions, follows `master` without a note of it, and writes two keys."""
    rig = make_rig(tag="master")
    rig.node_image.push(tag="latest")
    rig.node_image.push()
    versions = json.dumps(VERSIONS)
    pinned_by_upstream = rig.tester(
        shape=shape,
        node_image=rig.node_image.pinned,
        template_annotations={VERSIONS_ANNOTATION: versions},
        replicas=0,
    )
    rig.deploy(pinned_by_upstream)
    upstreams = {"image": rig.node_image.pinned, "startTime": "2026-01-02T03:04:05.123456789Z"}
    (prepared_volume.bind(rig) / DETAILS_FILE).write_text(json.dumps(upstreams))
    kept = rig.node_data() / "db" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()

    # The test goes on: its data, its start, both keys.
    rig.patch({"spec": {"replicas": 1}})
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert result["start"] == upstreams["startTime"]
    assert result["versions"] == VERSIONS
    assert kept.exists()
    details = rig.details()
    assert details.items() >= upstreams.items()
    assert details["repository"] == rig.node_image.repository
    assert details["trackedTag"] == "master"
    assert json.loads(details["versions"]) == VERSIONS
    assert details["fingerprint"]
    assert len(rig.logged("Resuming bootstrap test")) == 1
    assert not rig.logged("Starting bootstrap test")
    assert len(rig.history.uids(rig.pod_name)) == 1

    # And upstream's tag is followed, not another.
    rig.until_logged("Image unchanged")
    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert not kept.exists()
    assert rig.template_annotation(TRACKED_TAG_ANNOTATION) == "master"


@pytest.mark.not_on("local", reason="its volumes are folders, which nobody mounts read-only")
@pytest.mark.parametrize(
    "read_only", [True, pytest.param(False, marks=pytest.mark.wide)], ids=["read-only", "writable"]
)
def test_mount_of_the_sidecar(rig: Rig, read_only: bool) -> None:
    rig.node_image.push({"diskBytes": BALLAST_BYTES})
    rig.deploy(rig.tester(read_only_sidecar=read_only))
    [result] = rig.until_results(1)
    [sidecar] = [one for one in rig.pod()["spec"]["containers"] if one["name"] == SIDECAR]
    [mount] = [one for one in sidecar["volumeMounts"] if one["name"] == VOLUME]
    assert mount.get("readOnly", False) is read_only
    assert result["verdict"] == "passed"
    assert result["diskBytes"] > BALLAST_BYTES
