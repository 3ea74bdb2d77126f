"""The registry's HTTP API, and the clients of the scenarios against it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e import registry
from e2e.clusters.local.registry.program_images import push_image
from e2e.clusters.local.registry.server import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SCHEMA_1, Registry

ALL = ", ".join([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST])
NO_DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def client(served: Registry) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{served.host}", verify=False, trust_env=False) as client:
        yield client


@pytest.fixture
def node(served: Registry) -> str:
    """An OCI image."""
    push_image(served.host, "node", {"bin/node": b"#!/bin/sh\n"}, {"Env": ["A=1"]}, tag="latest")
    return f"{served.host}/node:latest"


def docker_kinds(client: httpx.Client, node: str) -> tuple[str, str]:
    """The same content in Docker's formats: the digests of an image and of a list of it, tagged so."""
    image = client.get("/v2/node/manifests/latest", headers={"Accept": ALL}).json() | {"mediaType": DOCKER_MANIFEST}
    put = client.put("/v2/node/manifests/docker", json=image, headers={"Content-Type": DOCKER_MANIFEST})
    digest = put.headers["Docker-Content-Digest"]
    entry = {"digest": digest, "mediaType": DOCKER_MANIFEST, "size": 1}
    document = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [entry]}
    made = client.put("/v2/node/manifests/list", json=document, headers={"Content-Type": DOCKER_LIST})
    return digest, made.headers["Docker-Content-Digest"]


def test_it_says_that_it_is_a_registry(client: httpx.Client) -> None:
    answer = client.get("/v2/")
    assert answer.status_code == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_it_is_there_by_both_names_of_this_machine(served: Registry) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        assert httpx.get(f"http://{host}:{served.port}/v2/", trust_env=False).status_code == 200


def test_who_wants_tls_is_told_at_once_that_there_is_none(served: Registry) -> None:
    with pytest.raises(httpx.ConnectError, match="EOF"):
        httpx.get(f"https://{served.host}/v2/", trust_env=False, timeout=60)


@pytest.mark.parametrize("accept", [None, "*/*", DOCKER_MANIFEST, f"{DOCKER_LIST}, {DOCKER_MANIFEST}"])
@pytest.mark.parametrize("kind", ["image", "index"])
def test_oci_content_is_unknown_to_who_does_not_ask_for_it(
    client: httpx.Client, node: str, kind: str, accept: str | None
) -> None:
    registry.index(node, node.replace("latest", "index"))
    del client.headers["Accept"]
    tag = {"image": "latest", "index": "index"}[kind]
    for reference in (tag, str(registry.digest(node.replace("latest", tag)))):
        answer = client.get(f"/v2/node/manifests/{reference}", headers={"Accept": accept} if accept else {})
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


@pytest.mark.parametrize("accept", [None, "*/*", f"{OCI_MANIFEST}, {OCI_INDEX}"])
@pytest.mark.parametrize("tag", ["docker", "list"])
def test_docker_content_is_given_in_an_older_form_to_who_does_not_ask_for_it(
    client: httpx.Client, node: str, tag: str, accept: str | None
) -> None:
    digests = docker_kinds(client, node)
    del client.headers["Accept"]
    answer = client.get(f"/v2/node/manifests/{tag}", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == SCHEMA_1
    assert answer.headers["Docker-Content-Digest"] not in digests
    by_digest = client.get(f"/v2/node/manifests/{digests[0]}", headers={"Accept": accept} if accept else {})
    assert by_digest.headers["Content-Type"] == DOCKER_MANIFEST


@pytest.mark.parametrize("accept", [ALL, ALL.replace(", ", ";q=0.5,")], ids=["plain", "weighted"])
def test_head_and_get_tell_the_same_of_each_kind(client: httpx.Client, node: str, accept: str) -> None:
    image, listed = docker_kinds(client, node)
    index = registry.index(node, node.replace("latest", "index"))
    for tag, digest in {"latest": registry.digest(node), "docker": image, "list": listed, "index": index}.items():
        head, get = (
            client.request(method, f"/v2/node/manifests/{tag}", headers={"Accept": accept})
            for method in ("HEAD", "GET")
        )
        assert head.content == b""
        assert head.headers["Docker-Content-Digest"] == get.headers["Docker-Content-Digest"] == digest
        assert head.headers["Content-Length"] == str(len(get.content))
        assert "sha256:" + hashlib.sha256(get.content).hexdigest() == digest


def test_relabelled_images_and_tags_that_move(served: Registry, node: str) -> None:
    source, target = node, f"{served.host}/e2e/one/node:latest"
    first = registry.relabel(source, target, labels={"n": "1"}, env={"B": "2"})
    second = registry.relabel(source, target, labels={"n": "2"})
    assert first != second == registry.digest(target)
    registry.tag(f"{served.host}/e2e/one/node@{first}", target)
    assert registry.digest(target) == first
    assert registry.labels(target) == {"n": "1"}
    assert registry.tag(target, f"{served.host}/copied:1") == first
    indexed = registry.index(target, f"{served.host}/multi:1")
    assert registry.tag(f"{served.host}/multi:1", f"{served.host}/multi/copied:1") == indexed != first
    assert registry.labels(f"{served.host}/multi/copied:1") == {"n": "1"}


def test_what_is_deleted_is_gone_under_all_its_tags_and_nothing_else(served: Registry, node: str) -> None:
    other = f"{served.host}/node:other"
    made = registry.relabel(node, other, labels={"n": "1"})
    registry.tag(node, f"{served.host}/node:again")
    registry.delete(node)
    assert registry.digest(node) is registry.digest(f"{served.host}/node:again") is None
    assert registry.digest(other) == made


def test_another_process_finds_it_all(served: Registry, node: str, tmp_path: Path) -> None:
    digest = registry.digest(node)
    served.stop()
    again = Registry(tmp_path / "registry", served.port)
    again.start()
    try:
        assert registry.digest(node) == digest
        assert registry.labels(node) == {}
    finally:
        again.stop()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/node/manifests/none", 404, "MANIFEST_UNKNOWN"),
        ("GET", f"/v2/node/manifests/{NO_DIGEST}", 404, "MANIFEST_UNKNOWN"),
        ("GET", "/v2/none/manifests/latest", 404, "MANIFEST_UNKNOWN"),
        ("GET", f"/v2/node/blobs/{NO_DIGEST}", 404, "BLOB_UNKNOWN"),
        ("HEAD", f"/v2/node/blobs/{NO_DIGEST}", 404, ""),
        ("GET", "/v2/node/blobs/x", 404, "BLOB_UNKNOWN"),
        ("GET", "/v2/../secret/manifests/latest", 404, "NAME_UNKNOWN"),
        ("GET", "/", 404, "NAME_UNKNOWN"),
        ("DELETE", "/v2/node/manifests/latest", 400, "DIGEST_INVALID"),
        ("DELETE", f"/v2/node/manifests/{NO_DIGEST}", 404, "MANIFEST_UNKNOWN"),
        ("PUT", "/v2/node/manifests/latest", 400, "MANIFEST_INVALID"),
        ("PUT", f"/v2/node/manifests/{NO_DIGEST}", 400, "DIGEST_INVALID"),
        ("PUT", "/v2/node/manifests/-x", 400, "TAG_INVALID"),
        ("POST", "/v2/node/manifests/latest", 405, "UNSUPPORTED"),
    ],
)
def test_refusals(client: httpx.Client, node: str, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert (answer.json()["errors"][0]["code"] if answer.content else "") == code


def test_an_upload_is_checked_and_a_manifest_names_what_is_there(client: httpx.Client, node: str) -> None:
    place = client.post("/v2/node/blobs/uploads/").headers["Location"]
    wrong = client.put(place, params={"digest": NO_DIGEST, "_state": "begun"}, content=b"other")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "DIGEST_INVALID")
    for document in ({"config": {"digest": NO_DIGEST}, "layers": []}, {"manifests": [{"digest": NO_DIGEST}]}):
        answer = client.put("/v2/node/manifests/x", content=json.dumps(document))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "MANIFEST_BLOB_UNKNOWN")


def test_a_blob_is_of_its_repository_until_another_mounts_it(client: httpx.Client, node: str) -> None:
    layer = client.get("/v2/node/manifests/latest", headers={"Accept": ALL}).json()["layers"][0]["digest"]
    assert client.head(f"/v2/other/blobs/{layer}").status_code == 404
    elsewhere = client.post("/v2/other/blobs/uploads/", params={"mount": layer, "from": "nobody"})
    assert elsewhere.status_code == 202
    mounted = client.post("/v2/other/blobs/uploads/", params={"mount": layer, "from": "node"})
    assert mounted.status_code == 201
    assert client.get(mounted.headers["Location"]).content == client.get(f"/v2/node/blobs/{layer}").content
