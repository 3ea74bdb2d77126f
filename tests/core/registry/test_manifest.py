from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from bootstrap_monitor.core.registry import manifest

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
LAYER = {"digest": "sha256:" + "3" * 64}


def test_all_four_media_types_are_accepted() -> None:
    assert set(manifest.ACCEPT.split(", ")) == {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }


@pytest.mark.parametrize(
    ("document", "digests"),
    [
        pytest.param({"schemaVersion": 2, "manifests": [{"digest": ONE}, {"digest": TWO}]}, {ONE, TWO}, id="an index"),
        pytest.param({"schemaVersion": 2, "manifests": []}, set(), id="an empty index"),
        pytest.param(
            {
                "schemaVersion": 2,
                "manifests": [{"digest": ONE}, {"digest": "x"}, {"digest": 1}, {"digest": [1]}, {}, 7],
            },
            {ONE},
            id="entries that are none",
        ),
        pytest.param({"schemaVersion": 2, "config": LAYER, "layers": [LAYER]}, set(), id="an image"),
    ],
)
def test_what_is_listed(document: Any, digests: set[str]) -> None:
    assert manifest.listed(json.dumps(document).encode()) == digests


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b'{"schemaVersion": 2, "layers": [',
        b"[]",
        b"null",
        b"{}",
        b'{"schemaVersion": 2}',
        b'{"schemaVersion": 2, "manifests": {}}',
        b'{"schemaVersion": 1, "fsLayers": []}',
        b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}',
    ],
)
def test_what_is_no_manifest(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is"):
        manifest.listed(body)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_bytes_match_their_digest(algorithm: str) -> None:
    claimed = f"{algorithm}:{hashlib.new(algorithm, b'body').hexdigest()}"
    assert manifest.matches(b"body", claimed)
    assert not manifest.matches(b"other", claimed)


@pytest.mark.parametrize("claimed", ["", "sha256:", "md5:" + hashlib.md5(b"body").hexdigest(), "foo:bar"])
def test_a_digest_that_cannot_be_checked_does_not_match(claimed: str) -> None:
    assert not manifest.matches(b"body", claimed)


def test_own_digests_are_sha256() -> None:
    assert manifest.digest(b"body") == "sha256:" + hashlib.sha256(b"body").hexdigest()
