"""Where an image's registry is: over TLS, but for loopback and for registries that a person names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from bootstrap_monitor.core.image import ImageReference

_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
_HIGHEST_PORT = 65_535

_host_and_port = re.compile(r"(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+)(?::([0-9]+))?")


@dataclass(frozen=True, slots=True)
class InsecureRegistry:
    """A host that is asked over plain HTTP: at ``port``, or without one at every port."""

    host: str
    """In lower case; an address of version 6 in brackets."""
    port: int | None = None

    def covers(self, host: str, port: int | None) -> bool:
        """Whether an image's registry is this one; without a port, plain HTTP is at 80."""
        return self.host == host and self.port in {None, port or 80}


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
    host, port = _split(image.registry)
    plain = _is_loopback(host) or any(one.covers(host, port) for one in insecure)
    address = _HUB_HOST if image.registry == _HUB else image.registry
    return Endpoint(image.registry, f"{'http' if plain else 'https'}://{address}", image.path)


def insecure_registry(text: str) -> InsecureRegistry:
    """``HOST[:PORT]``.

    :raises ValueError: it is something else; tells what to give.
    """
    if "://" in text:
        raise ValueError(f"{text!r} has a scheme; give host and port alone, e.g. 'registry.local:5000'")
    if "/" in text:
        raise ValueError(f"{text!r} has a path; give host and port alone, e.g. 'registry.local:5000'")
    match = _host_and_port.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not HOST[:PORT], e.g. 'registry.local:5000' or '[2001:db8::1]:5000'")
    host, port = match[1].lower(), match[2]
    if port is not None and not 0 < int(port) <= _HIGHEST_PORT:
        raise ValueError(f"{text!r} has a port that is not from 1 to {_HIGHEST_PORT}, e.g. 'registry.local:5000'")
    return InsecureRegistry(host, int(port) if port else None)


def _split(registry: str) -> tuple[str, int | None]:
    match = _host_and_port.fullmatch(registry)
    assert match, "an image's registry is a host"
    return match[1].lower(), int(match[2]) if match[2] else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
