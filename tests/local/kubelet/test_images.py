"""Images that are pulled, held, and not there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import registry as client
from e2e.clusters.local.kubelet.images import ImageError, Images
from e2e.clusters.local.registry.program_images import push_image
from e2e.clusters.local.registry.server import Registry
from tests.support.http_server import ScriptedServer, Step, answer, refusing_url

NO_DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    registry = Registry(tmp_path / "registry")
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path / "images")


@pytest.fixture
def tag(registry: Registry) -> str:
    push_image(registry.host, "team/node", {"bin/node": b"one"}, {"Env": ["A=1"]}, tag="latest")
    return f"{registry.host}/team/node:latest"


def test_a_pulled_image_has_its_files_its_config_and_the_digest_of_its_manifest(images: Images, tag: str) -> None:
    image = images.get(tag, "Always")
    assert (image.root / "bin/node").read_bytes() == b"one"
    assert image.config == {"Env": ["A=1"]}
    assert image.name == tag
    assert image.id == f"{tag.removesuffix(':latest')}@{client.digest(tag)}"
    assert images.get(tag.removesuffix(":latest"), "Always") == image


def test_the_id_of_a_tag_that_names_an_index_is_the_indexs(images: Images, tag: str) -> None:
    index = tag.replace("node:latest", "index:1")
    digest = client.index(tag, index)
    image = images.get(index, "Always")
    assert image.id == f"{index.removesuffix(':1')}@{digest}"
    assert (image.root / "bin/node").read_bytes() == b"one"


def test_a_moved_tag_is_only_seen_by_who_asks_the_registry(images: Images, tag: str) -> None:
    first = images.get(tag, "IfNotPresent")
    second = client.relabel(tag, tag, labels={"n": "2"})
    assert images.get(tag, "IfNotPresent") == images.get(tag, "Never") == first
    assert images.get(tag, "Always").id.endswith(second)
    assert images.get(tag, "IfNotPresent").id.endswith(second)


def test_by_digest_the_tag_need_not_exist_and_the_name_is_the_configs_digest(images: Images, tag: str) -> None:
    repository, digest = tag.removesuffix(":latest"), client.digest(tag)
    image = images.get(f"{repository}:no-such-tag@{digest}", "Always")
    assert image.id == f"{repository}@{digest}"
    assert image.name == f"sha256:{image.root.name}"


def test_of_several_names_of_one_image_the_first_is_told(images: Images, tag: str) -> None:
    other = tag.replace("team/node:latest", "a:1")
    digest = client.tag(tag, other)
    assert images.get(tag, "Always").name == tag
    images.get(other, "Always")
    image = images.get(tag, "Always")
    assert (image.name, image.id) == (other, f"{other.removesuffix(':1')}@{digest}")


def test_what_is_held_survives_the_registry_and_the_process(images: Images, registry: Registry, tag: str) -> None:
    held = images.get(tag, "Always")
    registry.stop()
    again = Images(held.root.parent)
    assert again.get(tag, "IfNotPresent") == held
    with pytest.raises(ImageError) as refused:
        again.get(tag, "Always")
    assert refused.value.reason == "ErrImagePull"


@pytest.mark.parametrize(
    ("reference", "policy", "reason", "message"),
    [
        ("{}/team/node:none", "Always", "ErrImagePull", r"NotFound.*team/node:none: not found"),
        ("{}/team/none", "IfNotPresent", "ErrImagePull", r"team/none:latest: not found"),
        (f"{{}}/team/node@{NO_DIGEST}", "Always", "ErrImagePull", "not found"),
        ("{}/team/node:other", "Never", "ErrImageNeverPull", "is not present with pull policy of Never"),
        ("{}/Capital:1", "Always", "InvalidImageName", "invalid reference format"),
        ("{}/team/node:1\n", "Always", "InvalidImageName", "invalid reference format"),
        ("{}/team/node@sha256:short", "Always", "InvalidImageName", "invalid reference format"),
        ("", "Always", "InvalidImageName", "invalid reference format"),
    ],
    ids=["no tag", "no repository", "no digest", "never", "capitals", "line break", "bad digest", "empty"],
)
def test_errors(images: Images, tag: str, reference: str, policy: str, reason: str, message: str) -> None:
    with pytest.raises(ImageError, match=message) as refused:
        images.get(reference.format(tag.partition("/")[0]), policy)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (answer(401), "401 Unauthorized"),
        (answer(403), "403 Forbidden"),
        (answer(429), "429 Too Many Requests"),
        (answer(503), "503 Service Unavailable"),
        (answer(200, b"<html>"), "Expecting value"),
        (answer(200, {"layers": []}), "config"),
        (answer(200, {"manifests": [{"digest": NO_DIGEST}]}), "no match for platform"),
    ],
    ids=["401", "403", "429", "503", "a page", "no config", "another platform"],
)
def test_a_registry_that_refuses_or_talks_nonsense(images: Images, step: Step, message: str) -> None:
    with ScriptedServer(step) as server, pytest.raises(ImageError, match=message) as refused:
        images.get(f"127.0.0.1:{server.port}/node:1", "Always")
    assert refused.value.reason == "ErrImagePull"


def test_nobody_listens(images: Images) -> None:
    with pytest.raises(ImageError, match=r"failed to resolve reference.*refused") as refused:
        images.get(refusing_url().removeprefix("http://") + "/node:1", "Always")
    assert refused.value.reason == "ErrImagePull"


def test_other_bytes_than_the_digests_are_no_image(images: Images, tag: str, tmp_path: Path) -> None:
    blobs = tmp_path / "registry/blobs"
    manifest = json.loads((blobs / str(client.digest(tag))).read_bytes())
    (blobs / manifest["layers"][0]["digest"]).write_bytes(b"other")
    with pytest.raises(ImageError, match="other bytes"):
        images.get(tag, "Always")
    with pytest.raises(ImageError, match="not present"):
        images.get(tag, "Never")
