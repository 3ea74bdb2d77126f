"""The loop, with a node that does as it is told: pin, start, pass, resume, follow the tag."""

from __future__ import annotations

import pytest

from e2e.kit.manifests import VolumeShape
from e2e.kit.rig import Rig

pytestmark = pytest.mark.scripted


@pytest.mark.brief
@pytest.mark.parametrize(
    "shape",
    [VolumeShape.NODE_AT_ROOT, pytest.param(VolumeShape.NODE_IN_FOLDER, marks=pytest.mark.wide)],
    ids=["node_at_root", "node_in_folder"],
)
def test_main_loop(rig: Rig, shape: VolumeShape) -> None:
    first = rig.node_image.push()
    rig.deploy(rig.tester(shape=shape))

    # Pinned by digest: the template, and the pod that came of it.
    [result] = rig.until_results(1)
    assert rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert result["verdict"] == "passed"
    assert result["image"] == rig.node_image.pinned
    assert len(rig.history.uids(rig.pod_name)) == 2
    details = rig.details()
    assert details["image"] == rig.node_image.pinned
    [completed] = rig.until_logged("Bootstrap completed successfully")
    assert completed["testConfig"]["image"] == rig.node_image.pinned

    # A drained pod resumes: the same test, the same data, no second result.
    (rig.node_data() / "db" / "kept").touch()
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged("Image unchanged", uid=uid)
    assert rig.logged("Resuming bootstrap test", uid=uid)
    assert (rig.node_data() / "db" / "kept").exists()
    assert rig.details() == details
    assert rig.results() == [result]

    # Another image under the tag: another test, on an empty volume.
    second = rig.node_image.push()
    assert second != first
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert not (rig.node_data() / "db" / "kept").exists()
    assert len(rig.logged("Starting bootstrap test")) == 2
