"""Digests: the OCI image specification's ``algorithm:encoded``."""

from __future__ import annotations

import re

from bootstrap_monitor.errors import ConfigurationError

GRAMMAR = r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+"
EXPLANATION = "A digest is 'sha256:' and 64 characters of 0-9 and a-f."

_digest = re.compile(GRAMMAR)
_hex_lengths = {"sha256": 64, "sha384": 96, "sha512": 128}


def is_digest(text: str) -> bool:
    """Whether this is a digest. The encoded part of sha256, 384 and 512 is lower-case hex in full length."""
    if not _digest.fullmatch(text):
        return False
    algorithm, _, encoded = text.partition(":")
    length = _hex_lengths.get(algorithm)
    return length is None or re.fullmatch(rf"[a-f0-9]{{{length}}}", encoded) is not None


def required_digest(text: str) -> str:
    """``text``.

    :raises ConfigurationError: it is no digest.
    """
    if not is_digest(text):
        raise ConfigurationError(
            f"{text!r} is not an image digest",
            reason="BadDigest",
            check=EXPLANATION,
            do="Give the digest alone, without the repository.",
        )
    return text
