from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import image
from bootstrap_monitor.core.digest import is_digest
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.errors import ConfigurationError

HEX = "0123456789abcdef" * 4
SHA = f"sha256:{HEX}"
OTHER_SHA = f"sha256:{HEX[::-1]}"


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("ubuntu", "ubuntu", None, None),
        ("ubuntu:22.04", "ubuntu", "22.04", None),
        ("avaplatform/avalanchego:latest", "avaplatform/avalanchego", "latest", None),
        ("avaplatform/avalanchego:v1.14.2_1-rc.0", "avaplatform/avalanchego", "v1.14.2_1-rc.0", None),
        ("localhost:5000/name", "localhost:5000/name", None, None),
        ("host:5000/name", "host:5000/name", None, None),
        ("host:5000/name:tag", "host:5000/name", "tag", None),
        ("localhost:5000", "localhost", "5000", None),
        ("localhost/name:1", "localhost/name", "1", None),
        (f"repo:tag@{SHA}", "repo", "tag", SHA),
        (f"repo@{SHA}", "repo", None, SHA),
        (f"host:5000/a/b/c:tag@{SHA}", "host:5000/a/b/c", "tag", SHA),
        ("Host/name", "Host/name", None, None),
        ("REGISTRY.example.com:443/name", "REGISTRY.example.com:443/name", None, None),
        ("10.1.2.3:5000/name:x", "10.1.2.3:5000/name", "x", None),
        ("[2001:db8::1]:5000/name:x", "[2001:db8::1]:5000/name", "x", None),
        ("[::1]/name", "[::1]/name", None, None),
        ("a-b.c/d__e/f--g.h_i:T", "a-b.c/d__e/f--g.h_i", "T", None),
        (f"{HEX}:tag", HEX, "tag", None),
        (f"{HEX[1:]}", HEX[1:], None, None),
        ("a:" + "t" * 128, "a", "t" * 128, None),
        ("a" * 255, "a" * 255, None, None),
        (f"a@sha512:{HEX}{HEX}", "a", None, f"sha512:{HEX}{HEX}"),
        ("a@multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", "a", None,
         "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"),
    ],
)  # fmt: skip
def test_parse(text: str, repository: str, tag: str | None, digest: str | None) -> None:
    reference = image.parse(text)

    assert reference == ImageReference(repository, tag, digest)
    assert str(reference) == text


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "empty"),
        (" ", "blank"),
        ("ubuntu:22.04\n", "line break"),
        (" ubuntu", "blank"),
        ("ubuntu: latest", "blank"),
        ("Ubuntu", "capitals"),
        ("host.io/Repo:tag", "capitals"),
        (HEX, "image's id"),
        ("repo@", "sha256:"),
        (f"repo@{SHA[:-1]}", "sha256:"),
        (f"repo@{SHA}0", "sha256:"),
        (f"repo@{SHA.upper()}", "sha256:"),
        (f"repo@sha256:{HEX.upper()}", "sha256:"),
        (f"repo@{SHA}@{SHA}", "sha256:"),
        (f"repo@sha512:{HEX}", "sha256:"),
        (f"repo@{HEX}", "sha256:"),
        ("a" * 256, "255"),
        ("repo:", "a-z"),
        ("repo:tag:tag", "a-z"),
        ("repo:.tag", "a-z"),
        ("a:" + "t" * 129, "a-z"),
        ("-repo", "a-z"),
        ("repo-", "a-z"),
        ("a..b", "a-z"),
        ("a___b", "a-z"),
        ("a//b", "a-z"),
        ("/a", "a-z"),
        ("a/", "a-z"),
        ("https://host/a", "a-z"),
        ("caf\u00e9", "a-z"),
        ("repo:\u0661", "a-z"),
        (f":tag@{SHA}", "a-z"),
        ("host:port/name", "a-z"),
    ],
)
def test_parse_refuses(text: str, because: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        image.parse(text)

    assert repr(text) in caught.value.what
    assert because in caught.value.check
    assert caught.value.do


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ubuntu", "docker.io/library/ubuntu"),
        ("library/ubuntu", "docker.io/library/ubuntu"),
        ("docker.io/ubuntu:22.04", "docker.io/library/ubuntu"),
        ("docker.io/library/ubuntu", "docker.io/library/ubuntu"),
        ("index.docker.io/ubuntu", "docker.io/library/ubuntu"),
        (f"index.docker.io/library/ubuntu@{SHA}", "docker.io/library/ubuntu"),
        ("avaplatform/avalanchego", "docker.io/avaplatform/avalanchego"),
        ("index.docker.io/avaplatform/avalanchego", "docker.io/avaplatform/avalanchego"),
        ("localhost/a", "localhost/a"),
        ("localhost:5000/a", "localhost:5000/a"),
        ("host:5000/a/b", "host:5000/a/b"),
        ("host/a", "docker.io/host/a"),
        ("localhost", "docker.io/library/localhost"),
        ("docker.io", "docker.io/library/docker.io"),
        ("Host/a", "Host/a"),
        ("ghcr.io/a", "ghcr.io/a"),
        ("[::1]/a", "[::1]/a"),
        ("docker.io/docker.io/a", "docker.io/docker.io/a"),
        ("a/docker.io", "docker.io/a/docker.io"),
    ],
)
def test_canonical_repository(text: str, canonical: str) -> None:
    reference = image.parse(text)

    assert reference.canonical_repository == canonical
    assert f"{reference.registry}/{reference.path}" == canonical
    assert reference.same_repository(image.parse(canonical))
    assert not reference.same_repository(image.parse("quay.io/other"))


@pytest.mark.parametrize(
    ("text", "pinned", "tag"),
    [
        ("a", False, "latest"),
        ("a:x", False, "x"),
        (f"a@{SHA}", True, None),
        (f"a:x@{SHA}", True, "x"),
    ],
)
def test_pinned_and_effective_tag(text: str, pinned: bool, tag: str | None) -> None:
    reference = image.parse(text)

    assert reference.pinned is pinned
    assert reference.effective_tag == tag


def test_with_digest_and_with_tag_replace_both() -> None:
    reference = image.parse(f"host:5000/a:x@{SHA}")

    assert str(reference.with_digest(OTHER_SHA)) == f"host:5000/a@{OTHER_SHA}"
    assert str(reference.with_tag("y")) == "host:5000/a:y"


@pytest.mark.parametrize("digest", ["", "sha256:", HEX, f"{SHA}\n", f"repo@{SHA}", f"SHA256:{HEX}", "sha256:abc"])
def test_with_digest_refuses(digest: str) -> None:
    assert not is_digest(digest)
    with pytest.raises(ConfigurationError, match="is not an image digest"):
        image.parse("a").with_digest(digest)


@pytest.mark.parametrize("tag", ["", "-x", ".x", "a b", "x\n", "a/b", "a:b", "t" * 129])
def test_with_tag_refuses(tag: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an image tag"):
        image.parse("a").with_tag(tag)


@pytest.mark.parametrize(
    ("image_id", "expected"),
    [
        (f"docker-pullable://avaplatform/avalanchego@{SHA}", f"avaplatform/avalanchego@{SHA}"),
        (f"docker.io/avaplatform/avalanchego@{SHA}", f"docker.io/avaplatform/avalanchego@{SHA}"),
        (f"localhost:5000/a:tag@{SHA}", f"localhost:5000/a:tag@{SHA}"),
        (SHA, None),
        (f"docker://{SHA}", None),
        (f"docker-pullable://{SHA}", None),
        ("docker.io/avaplatform/avalanchego:latest", None),
        (HEX, None),
        ("", None),
    ],
)
def test_digest_of_image_id(image_id: str, expected: str | None) -> None:
    reference = image.digest_of_image_id(image_id)

    assert (None if reference is None else str(reference)) == expected


_component = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,5})?", fullmatch=True)
_host = st.from_regex(r"[a-zA-Z0-9]{1,5}(-[a-z]{1,3})?(\.[a-z]{1,5}){0,2}(:[0-9]{1,5})?", fullmatch=True)
_repository = st.builds(
    lambda host, parts: "/".join(([host] if host else []) + parts),
    st.none() | _host,
    st.lists(_component, min_size=1, max_size=4),
)
_references = st.builds(
    ImageReference,
    _repository,
    st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.none() | st.from_regex(r"sha256:[a-f0-9]{64}", fullmatch=True),
)


@given(_references)
def test_round_trip(reference: ImageReference) -> None:
    parsed = image.parse(str(reference))

    assert parsed == reference
    canonical = image.parse(parsed.canonical_repository)
    assert canonical.canonical_repository == parsed.canonical_repository
    assert image.parse(str(parsed.with_digest(SHA))).same_repository(parsed)


@given(st.text(alphabet="aZ0.:/@_-[] \n", max_size=20))
def test_what_parses_comes_back_verbatim(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert str(image.parse(text)) == text
