"""The manifest that upstream's users have, unedited, with our image in it; and with upstream's own, to compare with."""

from __future__ import annotations

import pytest

from e2e import registry
from e2e.conftest import Images, MakeRig, StartNetwork
from e2e.kit import upstream
from e2e.kit.manifests import INIT, SIDECAR, VolumeShape
from e2e.kit.network import Network
from e2e.kit.rig import Rig

pytestmark = pytest.mark.real

UNCHANGED = "Image unchanged"


def deploy(rig: Rig, network: Network) -> None:
    monitor_image = f"{rig.node_image.repository}/monitor:{upstream.TAG}"
    registry.tag(rig.monitor_image, monitor_image)
    for body in upstream.role(rig.namespace):
        rig.api.create(body)
    stateful_set = upstream.stateful_set(rig.node_image.floating, monitor_image, network.tester_env)
    rig.create(stateful_set, VolumeShape.NODE_AT_ROOT)


def one_test(rig: Rig, message: str, uid: str) -> None:
    """The pod tells that it begins a test, or goes on with it; that it passed; then that there is no other image."""
    [begun] = rig.until_logged(message, INIT, uid=uid)
    assert begun["testConfig"]["image"] == rig.node_image.pinned
    if message == "Starting bootstrap test":
        [passed] = rig.until_logged("Bootstrap completed successfully", SIDECAR, uid=uid)
        assert passed["testConfig"]["image"] == rig.node_image.pinned
    rig.until_logged(UNCHANGED, SIDECAR, uid=uid)


def loop(rig: Rig, network: Network) -> None:
    rig.node_image.push()
    deploy(rig, network)
    one_test(rig, "Starting bootstrap test", rig.until_pinned())
    one_test(rig, "Resuming bootstrap test", rig.until_replaced(rig.delete_pod()))
    rig.node_image.push()
    one_test(rig, "Starting bootstrap test", rig.until_pinned())


def test_ours_in_upstream_manifest(make_rig: MakeRig, start_network: StartNetwork) -> None:
    rig = make_rig(tag=upstream.TAG)
    loop(rig, start_network(rig))
    newer, older = rig.results()
    assert [newer["verdict"], older["verdict"]] == ["passed", "passed"]
    assert [newer["image"], older["image"]] == [
        f"{rig.node_image.repository}@{digest}" for digest in reversed(rig.node_image.digests)
    ]


@pytest.mark.baseline
def test_upstream_in_its_manifest(make_rig: MakeRig, image: Images, start_network: StartNetwork) -> None:
    rig = make_rig(tag=upstream.TAG, monitor_image=image("upstream-monitor"))
    loop(rig, start_network(rig))
