"""Registries that a person names for plain HTTP; by itself, as `--help` needs nothing else of a registry."""

from __future__ import annotations

import re
from typing import NamedTuple

_HIGHEST_PORT = 65_535

_host_and_port = re.compile(r"(\[[0-9a-fA-F:]+\]|[a-zA-Z0-9.-]+)(?::([0-9]+))?")


class InsecureRegistry(NamedTuple):
    """A host that is asked over plain HTTP: at ``port``, or without one at every port."""

    host: str
    """In lower case; an address of version 6 in brackets."""
    port: int | None = None

    def covers(self, host: str, port: int | None) -> bool:
        """Whether an image's registry is this one; without a port, plain HTTP is at 80."""
        return self.host == host and self.port in {None, port or 80}


def insecure_registry(text: str) -> InsecureRegistry:
    """``HOST[:PORT]``.

    :raises ValueError: it is something else; tells what to give.
    """
    if "://" in text:
        raise ValueError(f"{text!r} has a scheme; give host and port alone, e.g. 'registry.local:5000'")
    if "/" in text:
        raise ValueError(f"{text!r} has a path; give host and port alone, e.g. 'registry.local:5000'")
    parts = host_and_port(text)
    if parts is None:
        raise ValueError(f"{text!r} is not HOST[:PORT], e.g. 'registry.local:5000' or '[2001:db8::1]:5000'")
    host, port = parts
    if port is not None and not 0 < port <= _HIGHEST_PORT:
        raise ValueError(f"{text!r} has a port that is not from 1 to {_HIGHEST_PORT}, e.g. 'registry.local:5000'")
    return InsecureRegistry(host, port)


def host_and_port(text: str) -> tuple[str, int | None] | None:
    """The two of ``HOST[:PORT]``, the host in lower case; None where it is something else."""
    match = _host_and_port.fullmatch(text)
    return match and (match[1].lower(), int(match[2]) if match[2] else None)
