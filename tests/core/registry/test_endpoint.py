from __future__ import annotations

import pytest

from bootstrap_monitor.core import image
from bootstrap_monitor.core.registry.endpoint import endpoint
from bootstrap_monitor.core.registry.insecure import InsecureRegistry, insecure_registry

HUB = "https://registry-1.docker.io"


@pytest.mark.parametrize(
    ("text", "registry", "url"),
    [
        ("ubuntu", "docker.io", f"{HUB}/v2/library/ubuntu/manifests/t"),
        ("avaplatform/avalanchego", "docker.io", f"{HUB}/v2/avaplatform/avalanchego/manifests/t"),
        ("docker.io/ubuntu", "docker.io", f"{HUB}/v2/library/ubuntu/manifests/t"),
        ("docker.io/avaplatform/avalanchego", "docker.io", f"{HUB}/v2/avaplatform/avalanchego/manifests/t"),
        ("index.docker.io/a/b", "docker.io", f"{HUB}/v2/a/b/manifests/t"),
        ("ghcr.io/a/b/c", "ghcr.io", "https://ghcr.io/v2/a/b/c/manifests/t"),
        ("registry.example:5000/a", "registry.example:5000", "https://registry.example:5000/v2/a/manifests/t"),
        ("10.1.2.3:5001/a", "10.1.2.3:5001", "https://10.1.2.3:5001/v2/a/manifests/t"),
        ("[2001:db8::1]:5000/a", "[2001:db8::1]:5000", "https://[2001:db8::1]:5000/v2/a/manifests/t"),
        ("localhost/a", "localhost", "http://localhost/v2/a/manifests/t"),
        ("localhost:5000/a/b", "localhost:5000", "http://localhost:5000/v2/a/b/manifests/t"),
        ("LOCALHOST:5000/a/b", "LOCALHOST:5000", "http://LOCALHOST:5000/v2/a/b/manifests/t"),
        ("127.0.0.1/a", "127.0.0.1", "http://127.0.0.1/v2/a/manifests/t"),
        ("127.8.9.10:1/a", "127.8.9.10:1", "http://127.8.9.10:1/v2/a/manifests/t"),
        ("[::1]:5000/a", "[::1]:5000", "http://[::1]:5000/v2/a/manifests/t"),
        ("128.0.0.1/a", "128.0.0.1", "https://128.0.0.1/v2/a/manifests/t"),
        ("localhost.example/a", "localhost.example", "https://localhost.example/v2/a/manifests/t"),
        ("127.0.0.1.example/a", "127.0.0.1.example", "https://127.0.0.1.example/v2/a/manifests/t"),
    ],
)
def test_where_an_image_is(text: str, registry: str, url: str) -> None:
    place = endpoint(image.parse(text))
    assert (place.registry, place.manifest_url("t")) == (registry, url)
    assert place.encrypted is url.startswith("https:")


@pytest.mark.parametrize(
    ("option", "registry", "plain"),
    [
        ("registry.local:5000", "registry.local:5000", True),
        ("Registry.Local:5000", "registry.local:5000", True),
        ("registry.local:5000", "Registry.Local:5000", True),
        ("registry.local:5000", "registry.local:5001", False),
        ("registry.local:5000", "registry.local", False),
        ("registry.local:5000", "other.local:5000", False),
        ("registry.local", "registry.local", True),
        ("registry.local", "registry.local:5000", True),
        ("registry.local:80", "registry.local", True),
        ("registry.local:443", "registry.local", False),
        ("local", "registry.local", False),
        ("10.250.0.1:5001", "10.250.0.1:5001", True),
        ("[2001:db8::1]:5000", "[2001:DB8::1]:5000", True),
    ],
)
def test_a_registry_that_is_named_is_asked_over_plain_http(option: str, registry: str, plain: bool) -> None:
    place = endpoint(image.parse(f"{registry}/a"), [InsecureRegistry("unrelated"), insecure_registry(option)])
    assert place.base_url == f"{'http' if plain else 'https'}://{registry}"
