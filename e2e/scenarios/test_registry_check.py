"""The registry is asked before a pod is run. Images are named by an address at which pods reach it, too."""

from __future__ import annotations

import pytest

from e2e import registry
from e2e.conftest import MakeRig
from e2e.kit.cluster import Cluster
from e2e.kit.manifests import INIT, SIDECAR, Tester
from e2e.kit.rig import Rig
from e2e.kit.underway import UNCHANGED, probes, tracebacks

pytestmark = pytest.mark.scripted

CHECKS = 30
CANNOT_TELL = "The registry cannot tell which image the tag names; a probe pod looks instead"


@pytest.fixture
def rig(make_rig: MakeRig, cluster: Cluster) -> Rig:
    return make_rig(registry=cluster.registry_from_pods)


@pytest.fixture
def insecure(cluster: Cluster) -> tuple[str, ...]:
    return (f"--insecure-registry={cluster.registry_from_pods}",)


def asking(rig: Rig, options: tuple[str, ...] = ()) -> Tester:
    return rig.tester(image_check_interval="1s", init_args=options, sidecar_args=options)


def until_unchanged(rig: Rig, count: int, image: str) -> None:
    """So many checks that found this image."""

    def look() -> bool:
        return len([entry for entry in rig.logged(UNCHANGED, SIDECAR) if entry["image"] == image]) >= count

    rig.until(look, f"{count} checks that find {image}")


def test_unchanged_images_take_no_probe_pod(rig: Rig, insecure: tuple[str, ...]) -> None:
    rig.node_image.push()
    rig.deploy(asking(rig, insecure))
    rig.until_results(1)
    probed = probes(rig)
    until_unchanged(rig, CHECKS, rig.node_image.pinned)

    # The same image, now as an index that lists it.
    index = registry.index(rig.node_image.pinned, rig.node_image.floating)
    assert index != rig.node_image.digests[-1]
    until_unchanged(rig, 5, f"{rig.node_image.repository}@{index}")
    assert probes(rig) == probed
    assert not rig.logged(CANNOT_TELL)

    # Another image: one pod, which tells its versions.
    rig.node_image.push()
    newest = rig.until_results(2)[0]
    assert newest["image"] == rig.pod_image() == rig.node_image.pinned
    assert newest["versions"]
    assert len(probes(rig)) == len(probed) + 1
    assert not tracebacks(rig)


@pytest.mark.wide
def test_where_the_registry_cannot_be_asked_probe_pods_look(rig: Rig) -> None:
    """It has no TLS, and nobody said so: for the tester it is away, for the container runtime it is not."""
    rig.node_image.push()
    rig.deploy(asking(rig))
    rig.until_results(1)
    before = len(probes(rig))
    rig.until_logged(UNCHANGED, SIDECAR, count=3)
    assert len(probes(rig)) >= before + 2
    rig.node_image.push()
    newest = rig.until_results(2)[0]
    assert newest["image"] == rig.node_image.pinned
    [first, *_] = lives = rig.history.uids(rig.pod_name)
    told = [rig.logged(CANNOT_TELL, SIDECAR, uid=uid) for uid in lives]
    assert all(len(entries) <= 1 for entries in told), "once a life of the sidecar"
    assert {entry["reason"] for entries in told for entry in entries} == {"RegistryUnreachable"}
    assert not rig.logged(CANNOT_TELL, INIT, uid=first)
    assert not tracebacks(rig)


@pytest.mark.wide
def test_an_image_that_the_runtime_knows_by_another_name(rig: Rig, insecure: tuple[str, ...]) -> None:
    """It tells the alphabetically first, with that one's digest: the registry tells the right one."""
    digest = rig.node_image.push()
    alias = f"{rig.node_image.repository.rpartition('/')[0]}/a-{rig.namespace}:latest"
    listed = registry.index(rig.node_image.pinned, alias)
    assert listed != digest
    rig.api.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "puller"},
            "spec": {
                "containers": [{"name": "node", "image": alias, "command": ["./avalanchego", "--version-json"]}],
                "restartPolicy": "Never",
            },
        }
    )
    rig.until(lambda: rig.api.get("Pod", "puller")["status"]["phase"] == "Succeeded", "the image under its other name")

    rig.deploy(asking(rig, insecure))
    [result] = rig.until_results(1)
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert rig.logged("Asking the registry for the digest", INIT)
    assert not tracebacks(rig)
