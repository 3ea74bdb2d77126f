"""What a registry says that works: digests, indexes, names."""

from __future__ import annotations

import httpx
import pytest
import respx

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from bootstrap_monitor.core.registry.insecure import InsecureRegistry
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, answer
from tests.support.registry import (
    DIGEST_HEADER,
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    PATH,
    Manifest,
    Store,
    by_method,
    image,
    index,
    reference,
)

CONTENT = [
    image(media_type=OCI_MANIFEST),
    image(media_type=DOCKER_MANIFEST),
    index(image(), media_type=OCI_INDEX),
    index(image(), media_type=DOCKER_LIST),
]


@pytest.fixture
def registry() -> Registry:
    return Registry(FakeClock(), timeout=(60, 60))


@pytest.mark.parametrize("manifest", CONTENT, ids=lambda manifest: manifest.media_type)
def test_a_tags_digest_takes_one_head(registry: Registry, manifest: Manifest) -> None:
    """With one media type missing, this registry says 404, or the digest of a conversion."""
    with ScriptedServer(Store({"latest": manifest})) as server:
        assert registry.digest(reference(server)) == manifest.digest

    (request,) = server.requests
    assert (request.method, request.path) == ("HEAD", f"/v2/{PATH}/manifests/latest")
    assert request.headers["user-agent"].startswith("bootstrap-monitor/")
    assert {"authorization", "cookie"}.isdisjoint(request.headers)


def test_each_time_the_tag_is_asked_anew(registry: Registry) -> None:
    store = Store({"latest": image("one")})
    with ScriptedServer(store) as server:
        first = registry.digest(reference(server))
        store.tags["latest"] = image("two")
        assert (first, registry.digest(reference(server))) == (image("one").digest, image("two").digest)


@pytest.mark.parametrize("manifest", CONTENT, ids=lambda manifest: manifest.media_type)
def test_without_the_header_the_body_is_hashed(registry: Registry, manifest: Manifest) -> None:
    with ScriptedServer(Store({"latest": manifest}, with_digest_header=False)) as server:
        assert registry.digest(reference(server)) == manifest.digest

    assert [request.method for request in server.requests] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [405, 501])
def test_a_registry_without_head_is_asked_by_get(registry: Registry, status: int) -> None:
    with ScriptedServer(by_method(answer(status), Store({"latest": image()}))) as server:
        assert registry.digest(reference(server)) == image().digest


def test_the_digest_of_an_image_by_digest_is_asked_for_by_it(registry: Registry) -> None:
    with ScriptedServer(Store(manifests=[image()])) as server:
        assert registry.digest(reference(server).with_digest(image().digest)) == image().digest


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_what_an_index_lists_is_asked_once(registry: Registry, media_type: str) -> None:
    content = index(image("amd64"), image("arm64"), media_type=media_type)
    with ScriptedServer(Store(manifests=[content])) as server:
        asked = reference(server).with_digest(content.digest)
        expected = {image("amd64").digest, image("arm64").digest}
        assert [registry.listed(asked), registry.listed(asked)] == [expected, expected]

    assert [(request.method, request.path) for request in server.requests] == [
        ("GET", f"/v2/{PATH}/manifests/{content.digest}")
    ]


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_image_lists_nothing(registry: Registry, media_type: str) -> None:
    content = image(media_type=media_type)
    with ScriptedServer(Store(manifests=[content])) as server:
        assert registry.listed(reference(server).with_digest(content.digest)) == frozenset()


def test_what_is_remembered_is_bounded(registry: Registry) -> None:
    content = [image(str(number)) for number in range(40)]
    with ScriptedServer(Store(manifests=content)) as server:
        for one in [*content, content[-1], content[0]]:
            registry.listed(reference(server).with_digest(one.digest))

    assert len(server.requests) == 41, "the oldest is asked for again, the newest is not"


def test_a_registry_that_lies_about_a_digest_tells_nothing(registry: Registry) -> None:
    """A tested digest that it pretends an index to list would end tests."""
    lie = answer(200, index(image()).body, {DIGEST_HEADER: image("asked").digest})
    with ScriptedServer(lie) as server, pytest.raises(CannotTell, match="not those of") as caught:
        registry.listed(reference(server).with_digest(image("asked").digest))

    assert caught.value.reason == Reason.MALFORMED_ANSWER


HUB = "https://registry-1.docker.io/v2"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("ubuntu", f"{HUB}/library/ubuntu/manifests/latest"),
        ("avaplatform/avalanchego:v1", f"{HUB}/avaplatform/avalanchego/manifests/v1"),
        ("docker.io/avaplatform/avalanchego:v1", f"{HUB}/avaplatform/avalanchego/manifests/v1"),
        ("registry.example:5000/a/b:v1", "https://registry.example:5000/v2/a/b/manifests/v1"),
        ("registry.local:5000/a/b:v1", "http://registry.local:5000/v2/a/b/manifests/v1"),
    ],
)
def test_names_are_asked_where_people_expect(text: str, url: str) -> None:
    subject = Registry(FakeClock(), [InsecureRegistry("registry.local", 5000)])
    with respx.mock:
        route = respx.head(url).mock(httpx.Response(200, headers={DIGEST_HEADER: image().digest}))
        assert subject.digest(image_reference.parse(text)) == image().digest

    assert route.call_count == 1


def test_cookies_are_not_kept(registry: Registry) -> None:
    headers = {DIGEST_HEADER: image().digest, "Set-Cookie": "track=me; Path=/"}
    with ScriptedServer(answer(200, b"", headers)) as server:
        registry.digest(reference(server))
        registry.digest(reference(server))

    assert all("cookie" not in request.headers for request in server.requests)
