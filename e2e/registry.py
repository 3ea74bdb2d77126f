"""Images of a scenario's own in milliseconds: a new config on old layers, straight through the registry's HTTP API.

A runtime that holds one image config under several names reports the alphabetically first of them, so every scenario
needs a config of its own; and each `relabel` with another label is "a new image under the tag". Plain HTTP only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from e2e import variables

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPT = {"Accept": ", ".join([OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST])}
_REFERENCE = re.compile(r"(?P<host>[^/]+)/(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?")


class RegistryError(Exception):
    """The registry refused, or the image is not what the caller took it for."""


@dataclass(frozen=True)
class Reference:
    """`host/repository:tag@digest`; a digest wins over a tag."""

    host: str
    repository: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        found = _REFERENCE.fullmatch(text)
        if not found:
            raise RegistryError(f"{text!r} is not host/repository[:tag][@sha256:…]")
        return cls(found["host"], found["repository"], found["digest"] or found["tag"] or "latest")

    def url(self, kind: str, what: str) -> str:
        name, _, elsewhere = os.environ.get(variables.REGISTRY_ELSEWHERE, "").partition("=")
        return f"http://{elsewhere if self.host == name else self.host}/v2/{self.repository}/{kind}/{what}"


@dataclass(frozen=True)
class _Manifest:
    """A manifest as the registry holds it, byte by byte: its digest is of these bytes."""

    kind: str
    content: bytes

    @property
    def digest(self) -> str:
        return _digest(self.content)

    @property
    def parsed(self) -> Any:
        return json.loads(self.content)


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


class _Session:
    """Requests of one call."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, method: str, url: str, expected: set[int], **options: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, url, **options)
        except httpx.TransportError as error:
            raise RegistryError(f"{method} {url}: {error!r}") from error
        if answer.status_code not in expected:
            raise RegistryError(f"{method} {url}: {answer.status_code} {answer.text[:200]}")
        return answer

    def manifest(self, image: Reference) -> _Manifest:
        answer = self.send("GET", image.url("manifests", image.version), {200}, headers=ACCEPT)
        return _Manifest(answer.headers["Content-Type"], answer.content)

    def image_manifest(self, image: Reference) -> _Manifest:
        """The manifest of an image, or of the first image of an index."""
        found = self.manifest(image)
        if found.kind in (OCI_INDEX, DOCKER_LIST):
            first = found.parsed["manifests"][0]["digest"]
            found = self.manifest(Reference(image.host, image.repository, first))
        return found

    def blob(self, image: Reference, digest: str) -> bytes:
        return self.send("GET", image.url("blobs", digest), {200}, follow_redirects=True).content

    def put_blob(self, target: Reference, content: bytes) -> str:
        digest = _digest(content)
        answer = self.send("POST", target.url("blobs", "uploads/"), {202})
        self._upload(answer, digest, content)
        return digest

    def copy_blob(self, source: Reference, target: Reference, digest: str) -> None:
        """Mounts the blob: nothing is transferred, unless the registries are two or the registry won't."""
        if source.url("blobs", digest) == target.url("blobs", digest):
            return
        wanted = {"mount": digest, "from": source.repository}
        answer = self.send("POST", target.url("blobs", "uploads/"), {201, 202}, params=wanted)
        if answer.status_code == 202:
            self._upload(answer, digest, self.blob(source, digest))

    def _upload(self, started: httpx.Response, digest: str, content: bytes) -> None:
        place = started.request.url.join(started.headers["Location"]).copy_merge_params({"digest": digest})
        headers = {"Content-Type": "application/octet-stream"}
        self.send("PUT", str(place), {201}, content=content, headers=headers)

    def put_manifest(self, target: Reference, manifest: _Manifest, version: str = "") -> str:
        url = target.url("manifests", version or target.version)
        self.send("PUT", url, {201}, content=manifest.content, headers={"Content-Type": manifest.kind})
        return manifest.digest

    def copy_blobs_of(self, manifest: _Manifest, source: Reference, target: Reference) -> None:
        for blob in [manifest.parsed["config"], *manifest.parsed["layers"]]:
            self.copy_blob(source, target, blob["digest"])


@contextmanager
def _session() -> Iterator[_Session]:
    # No certificates to load and no proxy: it is plain HTTP to a registry nearby.
    with httpx.Client(verify=False, trust_env=False, timeout=30) as client:
        yield _Session(client)


def _with_env(current: list[str], changes: Mapping[str, str]) -> list[str]:
    kept = [entry for entry in current if entry.partition("=")[0] not in changes]
    return kept + [f"{name}={value}" for name, value in changes.items()]


def relabel(source: str, target: str, *, labels: Mapping[str, str], env: Mapping[str, str] | None = None) -> str:
    """Makes `target` from the layers of `source` with more labels and environment; answers its digest."""
    of, to = Reference.parse(source), Reference.parse(target)
    with _session() as session:
        manifest = session.image_manifest(of)
        document = manifest.parsed
        config = json.loads(session.blob(of, document["config"]["digest"]))
        settings = config.setdefault("config", {})
        settings["Labels"] = {**(settings.get("Labels") or {}), **labels}
        settings["Env"] = _with_env(settings.get("Env") or [], env or {})
        content = _compact(config)
        for layer in document["layers"]:
            session.copy_blob(of, to, layer["digest"])
        document["config"] |= {"digest": session.put_blob(to, content), "size": len(content)}
        return session.put_manifest(to, _Manifest(manifest.kind, _compact(document)))


def tag(source: str, target: str) -> str:
    """The same image, or index, under another name; answers its digest."""
    of, to = Reference.parse(source), Reference.parse(target)
    with _session() as session:
        manifest = session.manifest(of)
        if "layers" in manifest.parsed:
            session.copy_blobs_of(manifest, of, to)
        else:
            for entry in manifest.parsed["manifests"]:
                part = session.manifest(Reference(of.host, of.repository, entry["digest"]))
                session.copy_blobs_of(part, of, to)
                session.put_manifest(to, part, part.digest)
        return session.put_manifest(to, manifest)


def index(source: str, target: str) -> str:
    """Makes `target` an OCI index with `source` as its only image; answers the index's digest."""
    of, to = Reference.parse(source), Reference.parse(target)
    with _session() as session:
        manifest = session.image_manifest(of)
        session.copy_blobs_of(manifest, of, to)
        session.put_manifest(to, manifest, manifest.digest)
        config = json.loads(session.blob(of, manifest.parsed["config"]["digest"]))
        entry = {
            "mediaType": manifest.kind,
            "digest": manifest.digest,
            "size": len(manifest.content),
            "platform": {"architecture": config["architecture"], "os": config["os"]},
        }
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        return session.put_manifest(to, _Manifest(OCI_INDEX, _compact(document)))


def digest(reference: str) -> str | None:
    """What the reference names now, an index or an image; None when there is no such thing."""
    image = Reference.parse(reference)
    with _session() as session:
        answer = session.send("HEAD", image.url("manifests", image.version), {200, 404}, headers=ACCEPT)
        return str(answer.headers["Docker-Content-Digest"]) if answer.status_code == 200 else None


def labels(reference: str) -> dict[str, str]:
    """The labels of an image's config."""
    image = Reference.parse(reference)
    with _session() as session:
        config = session.blob(image, session.image_manifest(image).parsed["config"]["digest"])
        return dict(json.loads(config).get("config", {}).get("Labels") or {})


def delete(reference: str) -> None:
    """Removes what the reference names, under all its tags; the registry must allow it."""
    image, found = Reference.parse(reference), digest(reference)
    if found:
        with _session() as session:
            session.send("DELETE", image.url("manifests", found), {202, 404})
