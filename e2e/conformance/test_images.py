"""The registry's answers, and what a pod's status calls the image that it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import httpx
import pytest

from e2e import registry
from e2e.conformance.objects import container, pod
from e2e.conformance.table import Player, Step, made, until
from e2e.conftest import Images
from e2e.kit.cluster import Cluster
from e2e.kit.node_image import NodeImage
from e2e.registry import ACCEPT, DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

pytestmark = pytest.mark.kubelet

ABSENT_DIGEST = "sha256:" + "0" * 64
DIGEST_HEADER = "Docker-Content-Digest"


@pytest.fixture
def node_image(cluster: Cluster, image: Images, row: str) -> NodeImage:
    """A repository of the row's own, with one image under `latest`."""
    made_image = NodeImage(image("scripted-node"), f"{cluster.registry}/e2e/conformance/{row}")
    made_image.push()
    return made_image


class Ask(Protocol):
    def __call__(self, method: str, version: str, accept: str = ...) -> httpx.Response: ...


@pytest.fixture
def ask(node_image: NodeImage) -> Iterator[Ask]:
    """Asks about the manifests of the row's repository."""
    host, _, path = node_image.repository.partition("/")
    with httpx.Client(verify=False, trust_env=False) as client:

        def ask(method: str, version: str, accept: str = ACCEPT["Accept"]) -> httpx.Response:
            return client.request(method, f"http://{host}/v2/{path}/manifests/{version}", headers={"Accept": accept})

        yield ask


def runs(reference: str, name: str = "ROW", policy: str = "IfNotPresent") -> Step:
    return made(pod({**container(), "image": reference, "imagePullPolicy": policy}, name=name))


def image_id(digest: str, node_image: NodeImage, name: str = "ROW") -> Step:
    """The pod runs that digest."""
    seen_as = {"status.containerStatuses.0.imageID": f"{node_image.repository}@{digest}"}
    return until(f"Pod/{name}", {"status.phase": "Running", **seen_as})


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        pytest.param(ACCEPT["Accept"], 200, id="all four types"),
        pytest.param(OCI_MANIFEST, 200, id="its own type"),
        pytest.param(f"{DOCKER_MANIFEST}, {DOCKER_LIST}", 404, id="Docker's types"),
        pytest.param(OCI_INDEX, 404, id="index"),
        pytest.param("*/*", 404, id="any"),
    ],
)
def test_manifest_by_accepted_types(ask: Ask, node_image: NodeImage, method: str, accept: str, status: int) -> None:
    answer = ask(method, node_image.tag, accept)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers[DIGEST_HEADER] == node_image.digests[0]
        assert answer.headers["Content-Type"] == OCI_MANIFEST
        assert bool(answer.content) is (method == "GET")


@pytest.mark.parametrize("version", ["absent", ABSENT_DIGEST], ids=["tag", "digest"])
def test_manifest_that_is_absent(ask: Ask, version: str) -> None:
    answer = ask("GET", version)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


def test_manifest_by_digest(ask: Ask, node_image: NodeImage) -> None:
    answer = ask("HEAD", node_image.digests[0])
    assert (answer.status_code, answer.headers[DIGEST_HEADER]) == (200, node_image.digests[0])


def test_manifest_of_an_index(ask: Ask, node_image: NodeImage) -> None:
    digest = registry.index(node_image.pinned, f"{node_image.repository}:index")
    answer = ask("GET", "index")
    assert answer.headers[DIGEST_HEADER] == digest
    assert answer.headers["Content-Type"] == OCI_INDEX
    assert [one["digest"] for one in answer.json()["manifests"]] == node_image.digests


def test_manifest_of_a_tag_that_moved(ask: Ask, node_image: NodeImage) -> None:
    node_image.push()
    assert ask("HEAD", node_image.tag).headers[DIGEST_HEADER] == node_image.digests[1]
    assert ask("HEAD", node_image.digests[0]).status_code == 200


def test_image_id_by_tag(player: Player, node_image: NodeImage) -> None:
    player.play([runs(node_image.floating), image_id(node_image.digests[0], node_image)])


def test_image_id_by_digest(player: Player, node_image: NodeImage) -> None:
    player.play([runs(node_image.pinned), image_id(node_image.digests[0], node_image)])


def test_image_id_by_digest_with_a_tag_that_is_absent(player: Player, node_image: NodeImage) -> None:
    reference = f"{node_image.repository}:absent@{node_image.digests[0]}"
    player.play([runs(reference), image_id(node_image.digests[0], node_image)])


def test_image_id_of_an_index(player: Player, node_image: NodeImage) -> None:
    digest = registry.index(node_image.pinned, f"{node_image.repository}:index")
    player.play([runs(f"{node_image.repository}:index"), image_id(digest, node_image)])


@pytest.mark.parametrize(("policy", "which"), [("IfNotPresent", 0), ("Always", 1)])
def test_image_id_of_a_tag_that_moved(player: Player, node_image: NodeImage, policy: str, which: int) -> None:
    player.play([runs(node_image.floating), image_id(node_image.digests[0], node_image)])
    node_image.push()
    player.play([runs(node_image.floating, "ROW-2", policy), image_id(node_image.digests[which], node_image, "ROW-2")])


def test_image_of_a_node_that_holds_it_needs_no_registry(player: Player, node_image: NodeImage) -> None:
    player.play([runs(node_image.floating), image_id(node_image.digests[0], node_image)])
    player.play([runs(node_image.floating, "ROW-2", "Never"), image_id(node_image.digests[0], node_image, "ROW-2")])
