"""Manifests: of one image, or an index of several, in OCI's or Docker's media types."""

from __future__ import annotations

import hashlib

import orjson

from bootstrap_monitor.core.digest import is_digest

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""All four: without the type of what is there, a registry answers 404, or converts it, with another digest."""

_ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})


def digest(body: bytes) -> str:
    """Of a manifest's bytes."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


def matches(body: bytes, claimed: str) -> bool:
    """Whether the digest is of these bytes; never, for an algorithm that is not known."""
    algorithm, _, encoded = claimed.partition(":")
    return algorithm in _ALGORITHMS and hashlib.new(algorithm, body).hexdigest() == encoded


def listed(body: bytes) -> frozenset[str]:
    """The digests that an index lists; none for the manifest of one image.

    :raises ValueError: it is neither.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise ValueError("it is no manifest of schema 2")
    entries = document.get("manifests")
    if isinstance(entries, list):
        digests = [entry.get("digest") for entry in entries if isinstance(entry, dict)]
        return frozenset(one for one in digests if isinstance(one, str) and is_digest(one))
    if isinstance(document.get("layers"), list):
        return frozenset()
    raise ValueError("it is neither an index nor an image's manifest")
