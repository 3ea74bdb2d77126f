"""Images: pulled from the registry that their name says, and held in a folder as what a process needs of them."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import shutil
import tarfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from e2e.clusters.local.api.objects import Json

ACCEPT = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<host>localhost(?::\d+)?|[\w-]+(?:\.[\w-]+)+(?::\d+)?|[\w-]+:\d+)/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?",
    re.ASCII,
)
_LOOPBACK = re.compile(r"(localhost|127\.[\d.]+|0\.0\.0\.0)(:\d+)?")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class ImageError(Exception):
    """There is no image to run. ``reason`` and message are those of a waiting container."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Image:
    """An image that is held."""

    root: Path
    """Its files."""
    config: Json
    """Entrypoint, Cmd, Env, WorkingDir."""
    name: str
    id: str
    """As the status of its containers has them."""


class _PullError(Exception):
    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code


@dataclass(frozen=True)
class _Reference:
    repository: str
    """With its host."""
    version: str
    """A tag or a digest, which wins over a tag."""

    @classmethod
    def parse(cls, text: str) -> _Reference:
        found = _REFERENCE.fullmatch(text)
        if not found:
            cause = f'couldn\'t parse image name "{text}": invalid reference format'
            raise ImageError("InvalidImageName", f'Failed to apply default image tag "{text}": {cause}')
        path = found["path"] if found["host"] or "/" in found["path"] else f"library/{found['path']}"
        return cls(f"{found['host'] or 'docker.io'}/{path}", found["digest"] or found["tag"] or "latest")

    def __str__(self) -> str:
        return self.with_version(self.version)

    def with_version(self, version: str) -> str:
        return f"{self.repository}{'@' if ':' in version else ':'}{version}"

    def url(self, kind: str, what: str) -> str:
        host, _, path = self.repository.partition("/")
        host = "registry-1.docker.io" if host == "docker.io" else host
        return f"{'http' if _LOOPBACK.fullmatch(host) else 'https'}://{host}/v2/{path}/{kind}/{what}"


class Images:
    """All images of the node. A later process finds those that are held."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._references = folder / "references.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._held: dict[str, str] = json.loads(self._references.read_text()) if self._references.exists() else {}
        """`repository:tag` and `repository@digest` to the digest of the image's config."""
        # One pull at a time: so does a kubelet, and a registry that hangs holds up all of them.
        self._pulling = threading.Lock()

    def get(self, text: str, policy: str) -> Image:
        """The image for a container, pulled if its pull policy says so.

        :raises ImageError: there is none.
        """
        reference = _Reference.parse(text)
        held = self._held.get(str(reference))
        if held is None and policy == "Never":
            raise ImageError("ErrImageNeverPull", f'Container image "{text}" is not present with pull policy of Never')
        if held is None or policy == "Always":
            try:
                with self._pulling:
                    held = self._pull(reference)
            except (_PullError, httpx.HTTPError, OSError, ValueError, KeyError, tarfile.TarError) as error:
                code = error.code if isinstance(error, _PullError) else "Unknown"
                what = f'failed to pull and unpack image "{reference}": {str(error) or repr(error)}'
                raise ImageError("ErrImagePull", f"rpc error: code = {code} desc = {what}") from error
        return self._image(held)

    def _image(self, held: str) -> Image:
        """Of several names of one image, the alphabetically first is told, as containerd does."""
        names = sorted(name for name, config in self._held.items() if config == held)
        tags = [name for name in names if "@" not in name]
        digests = [name for name in names if "@" in name]
        root = self._folder / held.partition(":")[2]
        config = json.loads(root.with_suffix(".json").read_bytes()).get("config") or {}
        return Image(root, config, tags[0] if tags else held, digests[0])

    def _pull(self, reference: _Reference) -> str:
        # A registry nearby has no certificate, and is not behind a proxy.
        outside = reference.url("", "").startswith("https")
        with httpx.Client(verify=outside, trust_env=outside, timeout=httpx.Timeout(30, connect=5)) as http:
            digest, manifest = self._manifest(http, reference, reference.version)
            if listed := manifest.get("manifests"):
                machine = _ARCHITECTURES.get(platform.machine(), platform.machine())
                fitting = [one for one in listed if one.get("platform", {}).get("architecture") == machine]
                if not fitting:
                    raise _PullError("NotFound", f"no match for platform linux/{machine} in the index: not found")
                _, manifest = self._manifest(http, reference, fitting[0]["digest"])
            config = str(manifest["config"]["digest"])
            root = self._folder / config.partition(":")[2]
            if not root.exists():
                self._unpack(http, reference, manifest, root)
        # Others may be looking through the old one.
        self._held = self._held | {str(reference): config, reference.with_version(digest): config}
        written = self._references.with_suffix(".new")
        written.write_text(json.dumps(self._held))
        written.replace(self._references)
        return config

    def _manifest(self, http: httpx.Client, reference: _Reference, version: str) -> tuple[str, Json]:
        url = reference.url("manifests", version)
        try:
            answer = http.get(url, headers={"Accept": ACCEPT})
        except httpx.HTTPError as error:
            raise _PullError("Unknown", f'failed to resolve reference "{reference}": {url}: {error!r}') from error
        if answer.status_code == 404:
            raise _PullError("NotFound", f'failed to resolve reference "{reference}": {reference}: not found')
        if answer.status_code != 200:
            told = f"unexpected status from GET request to {url}: {answer.status_code} {answer.reason_phrase}"
            raise _PullError("Unknown", f'failed to resolve reference "{reference}": {told}')
        digest = "sha256:" + hashlib.sha256(answer.content).hexdigest()
        if version.startswith("sha256:") and version != digest:
            raise _PullError("FailedPrecondition", f"{url} sent other bytes than those of the digest")
        manifest: Json = answer.json()
        return digest, manifest

    def _unpack(self, http: httpx.Client, reference: _Reference, manifest: Json, root: Path) -> None:
        """Into a folder that gets its name when it is whole."""
        work = root.with_suffix(".new")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        for layer in manifest["layers"]:
            content = self._blob(http, reference, layer["digest"])
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                # As `filter="data"`, which Python 3.11 knows from 3.11.4 on.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(work)
        root.with_suffix(".json").write_bytes(self._blob(http, reference, manifest["config"]["digest"]))
        work.rename(root)

    def _blob(self, http: httpx.Client, reference: _Reference, digest: Any) -> bytes:
        answer = http.get(reference.url("blobs", digest), follow_redirects=True).raise_for_status()
        if "sha256:" + hashlib.sha256(answer.content).hexdigest() != digest:
            raise _PullError("FailedPrecondition", f"{answer.url} sent other bytes than those of the digest")
        return answer.content
