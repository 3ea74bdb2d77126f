"""The loop, with avalanchego nodes: pin, bootstrap to the network's height, resume, follow the tag."""

from __future__ import annotations

import re

import pytest

from e2e.conftest import StartNetwork
from e2e.kit.manifests import VolumeShape
from e2e.kit.network import c_height
from e2e.kit.rig import Rig

pytestmark = pytest.mark.real


def fetched_blocks(rig: Rig) -> int:
    """How many blocks of the C-Chain the node's bootstrapper, not its consensus, has got."""
    found = re.search(r'^avalanche_snowman_bs_fetched\{chain="C"\} (\d+)', rig.node("/ext/metrics").text, re.MULTILINE)
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    "shape",
    [VolumeShape.NODE_IN_FOLDER, pytest.param(VolumeShape.NODE_AT_ROOT, marks=pytest.mark.wide)],
    ids=["node_in_folder", "node_at_root"],
)
def test_real_main_loop(rig: Rig, start_network: StartNetwork, shape: VolumeShape) -> None:
    network = start_network(rig)
    height = network.height()
    rig.node_image.push()
    rig.deploy(rig.tester(shape=shape, node_env=network.tester_env))

    # Pinned on the first start, an empty volume, and a pass at the network's height.
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert result["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert result["versions"]["application"].startswith("avalanchego/")
    assert [entry["reason"] for entry in rig.logged("Decided")] == ["ImageNotPinned", "NoTestDetails"]
    [completed] = rig.until_logged("Bootstrap completed successfully")
    assert completed["heights"]["C"] >= height
    assert c_height(rig.pod()["status"]["podIP"]) >= height
    assert fetched_blocks(rig) >= height
    first_test = rig.details()
    assert first_test["startTime"] == result["start"]

    # Resumed in the pod that comes after a deletion: data, start and result stay.
    (rig.node_data() / "db" / "kept").touch()
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged("Image unchanged", uid=uid)
    assert len(rig.logged("Resuming bootstrap test", uid=uid)) == 1
    assert (rig.node_data() / "db" / "kept").exists()
    assert rig.details() == first_test
    assert rig.results() == [result]

    # A new digest under the tag: the old database is gone, and another test passes.
    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["verdict"] == "passed"
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert newer["start"] == rig.details()["startTime"] > result["start"]
    assert not (rig.node_data() / "db" / "kept").exists()
    assert rig.logged("Bootstrap completed successfully")[-1]["heights"]["C"] >= height
