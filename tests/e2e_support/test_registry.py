"""The registry client against a registry of a few lines, which holds blobs by repository as a real one does."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from e2e import registry
from e2e.variables import REGISTRY_ELSEWHERE

HOST = "registry.test:5000"


def sha(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


class FakeRegistry:
    def __init__(self) -> None:
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploaded = 0
        self.mounts = True

    def answer(self, request: httpx.Request) -> httpx.Response:
        repository, kind, what = request.url.path.removeprefix("/v2/").rsplit("/", 2)
        if what == "" or request.url.path.endswith("/uploads/"):
            repository, kind = repository.removesuffix("/blobs"), "uploads"
        if kind == "manifests":
            return self.manifest(request, repository, what)
        if request.method == "POST":
            digest, source = request.url.params.get("mount", ""), request.url.params.get("from", "")
            if self.mounts and (source, digest) in self.blobs:
                self.blobs[repository, digest] = self.blobs[source, digest]
                return httpx.Response(201)
            return httpx.Response(202, headers={"Location": f"/v2/{repository}/blobs/upload-1?state=s"})
        if request.method == "PUT":
            assert request.url.params["state"] == "s"
            assert request.url.params["digest"] == sha(request.content)
            self.blobs[repository, sha(request.content)] = request.content
            self.uploaded += 1
            return httpx.Response(201)
        return httpx.Response(200, content=self.blobs[repository, what])

    def manifest(self, request: httpx.Request, repository: str, version: str) -> httpx.Response:
        if request.method == "PUT":
            document = json.loads(request.content)
            for blob in [document["config"], *document["layers"]] if "layers" in document else []:
                assert len(self.blobs[repository, blob["digest"]]) == blob["size"]
            for part in document.get("manifests", []):
                assert len(self.manifests[repository, part["digest"]][1]) == part["size"]
            for name in (version, sha(request.content)):
                self.manifests[repository, name] = (request.headers["Content-Type"], request.content)
            return httpx.Response(201)
        if (repository, version) not in self.manifests:
            return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        kind, content = self.manifests[repository, version]
        if request.method == "DELETE":
            assert version.startswith("sha256:")
            self.manifests = {key: held for key, held in self.manifests.items() if held[1] != content}
            return httpx.Response(202)
        headers = {"Content-Type": kind, "Docker-Content-Digest": sha(content)}
        return httpx.Response(200, headers=headers, content=content)

    def config(self, name: str) -> Any:
        repository, _, version = name.partition(":")
        manifest = json.loads(self.manifests[repository, version][1])
        return json.loads(self.blobs[repository, manifest["config"]["digest"]])


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    fake = FakeRegistry()
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "config": {"Env": ["A=1", "B=2"], "Labels": None}}
    ).encode()
    parts = {"config": config, "layer": b"a layer"}
    fake.blobs = {("node", sha(part)): part for part in parts.values()}
    described = {name: {"digest": sha(part), "size": len(part)} for name, part in parts.items()}
    manifest = json.dumps({"schemaVersion": 2, "config": described["config"], "layers": [described["layer"]]}).encode()
    with respx.mock(base_url=f"http://{HOST}") as routes:
        routes.route().mock(side_effect=fake.answer)
        with httpx.Client() as client:
            url = f"http://{HOST}/v2/node/manifests/latest"
            client.put(url, content=manifest, headers={"Content-Type": registry.OCI_MANIFEST})
        yield fake


@pytest.mark.parametrize("mounts", [True, False])
@pytest.mark.parametrize("repository", ["node", "team/other"])
def test_relabel_makes_a_new_image_on_the_same_layers(fake: FakeRegistry, repository: str, mounts: bool) -> None:
    fake.mounts = mounts
    target = f"{HOST}/{repository}:made"
    first = registry.relabel(f"{HOST}/node", target, labels={"n": "1"}, env={"B": "x=y", "C": ""})
    assert fake.config(f"{repository}:made")["config"] == {"Env": ["A=1", "B=x=y", "C="], "Labels": {"n": "1"}}
    assert registry.digest(target) == first
    assert fake.uploaded == (1 if mounts or repository == "node" else 2)
    second = registry.relabel(target, target, labels={"n": "2"})
    assert second != first
    assert registry.digest(target) == second
    assert registry.labels(f"{target}@{first}") == {"n": "1"}


def test_tag_keeps_the_digest_of_images_and_indexes(fake: FakeRegistry) -> None:
    image = registry.digest(f"{HOST}/node")
    made = registry.index(f"{HOST}/node", f"{HOST}/multi:1")
    assert registry.tag(f"{HOST}/node:latest", f"{HOST}/copy:1") == image
    assert registry.tag(f"{HOST}/multi:1", f"{HOST}/moved:2") == made == registry.digest(f"{HOST}/moved:2") != image
    kind, content = fake.manifests["moved", "2"]
    assert kind == registry.OCI_INDEX
    assert json.loads(content)["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}
    assert json.loads(content)["manifests"][0]["digest"] == image


def test_delete_and_what_is_not_there(fake: FakeRegistry) -> None:
    registry.delete(f"{HOST}/node:latest")
    registry.delete(f"{HOST}/node:latest")
    assert registry.digest(f"{HOST}/node:latest") is None
    with pytest.raises(registry.RegistryError, match=r"404 .*MANIFEST_UNKNOWN"):
        registry.relabel(f"{HOST}/node:latest", f"{HOST}/node:x", labels={})
    with pytest.raises(registry.RegistryError, match="is not host/repository"):
        registry.digest("just-a-name")


def test_registry_that_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name stays in references; another registry's name is not touched."""
    monkeypatch.setenv(REGISTRY_ELSEWHERE, "localhost:5001=172.18.0.3:5000")
    image = registry.Reference.parse("localhost:5001/node:dev")
    assert image.url("manifests", "dev") == "http://172.18.0.3:5000/v2/node/manifests/dev"
    assert registry.Reference.parse(f"{HOST}/node:dev").url("blobs", "d") == f"http://{HOST}/v2/node/blobs/d"
