"""Anonymous tokens: asked for as the registry says, kept while they are valid, sent to nobody else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import respx

from bootstrap_monitor.adapters.registry.client import Registry
from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, answer
from tests.support.registry import DIGEST_HEADER, PATH, Store, by_method, image, reference

SCOPE = f"repository:{PATH}:pull"
URL = "https://registry.example/v2/a/manifests/latest"
IMAGE = image_reference.parse("registry.example/a")


def guarded(token_server: ScriptedServer, parameters: str = f',service="hub",scope="{SCOPE}"') -> Store:
    """A registry that wants the token ``good``."""
    challenge = f'Bearer realm="{token_server.url}/token?account=none"{parameters}'
    return Store({"latest": image()}, token="good", challenge=challenge)


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_a_token_is_asked_for_as_the_registry_says(name: str) -> None:
    with ScriptedServer(answer(200, {name: "good"})) as tokens, ScriptedServer(guarded(tokens)) as server:
        assert Registry(FakeClock()).digest(reference(server)) == image().digest

    (asked,) = tokens.requests
    assert (asked.method, asked.path) == ("GET", "/token")
    assert asked.query == {"account": "none", "service": "hub", "scope": SCOPE}
    assert "authorization" not in asked.headers
    assert [request.headers.get("authorization") for request in server.requests] == [None, "Bearer good"]


def test_without_a_scope_the_repository_is_asked_for() -> None:
    with ScriptedServer(answer(200, {"token": "good"})) as tokens, ScriptedServer(guarded(tokens, "")) as server:
        Registry(FakeClock()).digest(reference(server))

    assert tokens.requests[0].query == {"account": "none", "scope": SCOPE}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [({"expires_in": 300}, 300), ({}, 60), ({"expires_in": None}, 60), ({"expires_in": -1}, 60)],
)
def test_a_token_is_used_while_it_is_valid(told: dict[str, object], seconds: float) -> None:
    clock = FakeClock()
    subject = Registry(clock)
    with ScriptedServer(answer(200, {"token": "good", **told})) as tokens, ScriptedServer(guarded(tokens)) as server:
        subject.digest(reference(server))
        clock.advance(seconds - 1)
        subject.digest(reference(server))
        assert len(tokens.requests) == 1
        clock.advance(1)
        subject.digest(reference(server))
        assert len(tokens.requests) == 2

    assert [request.headers.get("authorization") for request in server.requests].count(None) == 2


def test_a_token_that_is_refused_early_is_replaced_once() -> None:
    with ScriptedServer(answer(200, {"token": "good"})) as tokens, ScriptedServer(store := guarded(tokens)) as server:
        subject = Registry(FakeClock())
        subject.digest(reference(server))
        store.token = "revoked meanwhile"
        with pytest.raises(CannotTell) as caught:
            subject.digest(reference(server))

    assert caught.value.reason == Reason.DENIED
    assert len(tokens.requests) == 2
    assert len(server.requests) == 4


def test_a_token_is_of_one_repository() -> None:
    with ScriptedServer(answer(200, {"token": "good"})) as tokens, ScriptedServer(guarded(tokens)) as server:
        subject = Registry(FakeClock())
        subject.digest(reference(server))
        with pytest.raises(CannotTell):
            subject.digest(image_reference.parse(f"{server.host}:{server.port}/other"))

    assert server.requests[2].path == "/v2/other/manifests/latest"
    assert "authorization" not in server.requests[2].headers


def test_a_token_does_not_follow_to_another_origin() -> None:
    with (
        ScriptedServer(answer(200, {"token": "good"})) as tokens,
        ScriptedServer(answer(200, b"", {DIGEST_HEADER: image().digest})) as elsewhere,
        ScriptedServer(
            guarded(tokens), answer(307, b"", {"Location": f"{elsewhere.url}/blob?X-Signature=secret"})
        ) as server,
    ):
        assert Registry(FakeClock()).digest(reference(server)) == image().digest

    assert server.requests[1].headers["authorization"] == "Bearer good"
    (request,) = elsewhere.requests
    assert (request.method, request.path) == ("HEAD", "/blob")
    assert "authorization" not in request.headers
    assert request.headers["host"] == f"127.0.0.1:{elsewhere.port}"


def test_a_token_follows_within_its_origin() -> None:
    with (
        ScriptedServer(answer(200, {"token": "good"})) as tokens,
        ScriptedServer(
            guarded(tokens),
            answer(308, b"", {"Location": "/moved"}),
            answer(200, b"", {DIGEST_HEADER: image().digest}),
        ) as server,
    ):
        assert Registry(FakeClock()).digest(reference(server)) == image().digest

    assert server.requests[2].headers["authorization"] == "Bearer good"


@pytest.mark.parametrize(
    "realm",
    ["http://auth.example/token", "ftp://auth.example", "//auth.example/token", "/token", "auth.example", "https://"],
)
def test_a_token_server_of_an_encrypted_registry_is_asked_encrypted(realm: str) -> None:
    with respx.mock:
        respx.head(URL).mock(httpx.Response(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'}))
        with pytest.raises(CannotTell) as caught:
            Registry(FakeClock()).digest(IMAGE)

    assert caught.value.reason == Reason.MALFORMED_ANSWER


def test_docker_hub_has_a_token_server_of_its_own() -> None:
    challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"'
    with respx.mock:
        manifest = respx.head("https://registry-1.docker.io/v2/a/b/manifests/latest").mock(
            side_effect=[
                httpx.Response(401, headers={"WWW-Authenticate": challenge}),
                httpx.Response(200, headers={DIGEST_HEADER: image().digest}),
            ]
        )
        asked = respx.get(
            "https://auth.docker.io/token", params={"service": "registry.docker.io", "scope": "repository:a/b:pull"}
        ).mock(httpx.Response(200, json={"token": "good", "expires_in": 300}))
        assert Registry(FakeClock()).digest(image_reference.parse("a/b")) == image().digest

    assert asked.call_count == 1
    assert manifest.calls.last.request.headers["authorization"] == "Bearer good"


def test_a_credential_for_an_encrypted_registry_stays_there() -> None:
    """Another host, and the same host at another port, are other origins."""
    with respx.mock:
        respx.head(URL).mock(
            side_effect=[
                httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="https://auth.example/token"'}),
                httpx.Response(307, headers={"Location": "https://registry.example:8443/x"}),
            ]
        )
        respx.get("https://auth.example/token").mock(httpx.Response(200, json={"token": "good"}))
        port = respx.head("https://registry.example:8443/x").mock(
            httpx.Response(302, headers={"Location": "https://cdn.example/y?sig=secret"})
        )
        host = respx.head("https://cdn.example/y").mock(httpx.Response(200, headers={DIGEST_HEADER: image().digest}))
        assert Registry(FakeClock()).digest(IMAGE) == image().digest

    for route in (port, host):
        assert "authorization" not in route.calls.last.request.headers


def test_credentials_of_the_home_folder_are_not_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with ScriptedServer(by_method(answer(200), Store({"latest": image()}))) as server:
        Registry(FakeClock()).digest(reference(server))

    assert all("authorization" not in request.headers for request in server.requests)
