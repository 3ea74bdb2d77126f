"""Where an image's registry is: over TLS, but for loopback and for registries that a person names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.registry.insecure import InsecureRegistry, host_and_port

_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One repository's place."""

    registry: str
    """As people know it: ``docker.io``, ``registry.example:5000``."""
    base_url: str
    """Scheme, host and port."""
    path: str
    """The repository in the registry."""

    def manifest_url(self, reference: str) -> str:
        """Of a tag or a digest."""
        return f"{self.base_url}/v2/{self.path}/manifests/{reference}"

    @property
    def encrypted(self) -> bool:
        """Whether it is asked over TLS."""
        return self.base_url.startswith("https:")


def endpoint(image: ImageReference, insecure: Iterable[InsecureRegistry] = ()) -> Endpoint:
    """Plain HTTP for ``localhost``, 127.0.0.0/8 and ::1, as container runtimes do, and for ``insecure``; else TLS."""
    parts = host_and_port(image.registry)
    assert parts, "an image's registry is a host"
    host, port = parts
    plain = _is_loopback(host) or any(one.covers(host, port) for one in insecure)
    address = _HUB_HOST if image.registry == _HUB else image.registry
    return Endpoint(image.registry, f"{'http' if plain else 'https'}://{address}", image.path)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
