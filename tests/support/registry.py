"""A container registry on a scripted HTTP server, and all the ways in which one can fail."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.registry.cannot_tell import Reason
from tests.support.http_server import Handler, ScriptedServer, Step, answer, cut, raw, reset

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

DIGEST_HEADER = "Docker-Content-Digest"
PATH = "avax/node"


@dataclass(frozen=True)
class Manifest:
    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.body).hexdigest()


def image(name: str = "one", media_type: str = OCI_MANIFEST) -> Manifest:
    """An image's manifest; another name is another image."""
    return Manifest(media_type, _json({"schemaVersion": 2, "config": {"annotation": name}, "layers": []}))


def index(*manifests: Manifest, media_type: str = OCI_INDEX) -> Manifest:
    entries = [{"digest": one.digest, "mediaType": one.media_type} for one in manifests]
    return Manifest(media_type, _json({"schemaVersion": 2, "manifests": entries}))


@dataclass
class Store:
    """One repository, as docker-registry 2.8 serves it; a step for the server."""

    tags: dict[str, Manifest] = field(default_factory=dict)
    manifests: list[Manifest] = field(default_factory=list)
    with_digest_header: bool = True
    token: str = ""
    """If set, it is wanted of each request."""
    challenge: str = ""

    def __call__(self, handler: Handler) -> None:
        self._answer(handler)(handler)

    def _answer(self, handler: Handler) -> Step:
        if self.token and handler.headers["Authorization"] != f"Bearer {self.token}":
            return answer(401, b"", {"WWW-Authenticate": self.challenge})
        prefix, _, reference = handler.path.rpartition("/")
        known = {one.digest: one for one in [*self.manifests, *self.tags.values()]} | self.tags
        found = known.get(reference)
        accepted = (handler.headers["Accept"] or "").split(", ")
        if prefix != f"/v2/{PATH}/manifests" or found is None:
            return answer(404)
        if found.media_type not in accepted:
            if found.media_type != DOCKER_MANIFEST:
                return answer(404)
            found = Manifest(SCHEMA_1, b'{"schemaVersion": 1}')
        headers = {"Content-Type": found.media_type}
        if self.with_digest_header:
            headers[DIGEST_HEADER] = found.digest
        return answer(200, b"" if handler.command == "HEAD" else found.body, headers)


def by_method(head: Step, get: Step) -> Step:
    """One for HEAD, another for all else."""
    return lambda handler: (head if handler.command == "HEAD" else get)(handler)


def reference(server: ScriptedServer, tag: str = "latest") -> ImageReference:
    """The repository's name at this server."""
    return image_reference.parse(f"{server.host}:{server.port}/{PATH}:{tag}")


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


NO_DIGEST = "sha256:" + "0" * 64


def _challenged(token_answer: Step) -> Step:
    """The registry wants a token, and is its own token server, which gives this answer."""

    def step(handler: Handler) -> None:
        if handler.path.startswith("/token"):
            return token_answer(handler)
        realm = f"http://{handler.headers['Host']}/token"
        return answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}"'})(handler)

    return step


def _redirect(location: str, status: int = 307) -> Step:
    return answer(status, b"", {"Location": location})


_FINE = image().body

BAD: Mapping[str, tuple[Step, Reason]] = {
    **{
        f"HTTP {status}": (answer(status), reason)
        for status, reason in (
            (204, Reason.MALFORMED_ANSWER),
            (304, Reason.MALFORMED_ANSWER),
            (400, Reason.MALFORMED_ANSWER),
            (401, Reason.DENIED),
            (403, Reason.DENIED),
            (404, Reason.TAG_NOT_FOUND),
            (405, Reason.MALFORMED_ANSWER),
            (410, Reason.MALFORMED_ANSWER),
            (429, Reason.THROTTLED),
            (500, Reason.SERVER_ERROR),
            (502, Reason.SERVER_ERROR),
            (503, Reason.SERVER_ERROR),
            (504, Reason.SERVER_ERROR),
        )
    },
    "reset": (reset(), Reason.UNREACHABLE),
    "closed": (raw(b""), Reason.UNREACHABLE),
    "not HTTP": (raw(b"\x00\x01 what?\r\n\r\n"), Reason.UNREACHABLE),
    "cut in its headers": (raw(b"HTTP/1.1 200 OK\r\nDocker-Content-Dig"), Reason.UNREACHABLE),
    "cut in mid-body": (by_method(answer(200), cut(_FINE)), Reason.UNREACHABLE),
    "a page": (answer(200, b"<html>log in</html>", {"Content-Type": "text/html"}), Reason.MALFORMED_ANSWER),
    "nothing": (answer(200), Reason.MALFORMED_ANSWER),
    "an error with 200": (answer(200, {"errors": [{"code": "UNKNOWN"}]}), Reason.MALFORMED_ANSWER),
    "a malformed digest": (answer(200, b"", {DIGEST_HEADER: "sha256:abc"}), Reason.MALFORMED_ANSWER),
    "an empty digest": (answer(200, b"", {DIGEST_HEADER: ""}), Reason.MALFORMED_ANSWER),
    "another body than its digest's": (
        by_method(answer(200), answer(200, _FINE, {DIGEST_HEADER: NO_DIGEST})),
        Reason.MALFORMED_ANSWER,
    ),
    "a digest that cannot be checked": (
        by_method(answer(200), answer(200, _FINE, {DIGEST_HEADER: "rot13:abc"})),
        Reason.MALFORMED_ANSWER,
    ),
    "a huge body": (by_method(answer(200), answer(200, _FINE.ljust(4 * 1024 * 1024 + 1))), Reason.MALFORMED_ANSWER),
    "no gzip": (answer(200, b"{}", {"Content-Encoding": "gzip"}), Reason.MALFORMED_ANSWER),
    "a redirect loop": (_redirect("/again"), Reason.MALFORMED_ANSWER),
    "a redirect to nowhere": (answer(302), Reason.MALFORMED_ANSWER),
    "a redirect out of HTTP": (_redirect("ftp://127.0.0.1/x"), Reason.MALFORMED_ANSWER),
    "a redirect to a file": (_redirect("file:///etc/passwd"), Reason.MALFORMED_ANSWER),
    "a redirect to no address": (_redirect("http://[::1"), Reason.UNREACHABLE),
    "a redirect to a host that cannot be": (_redirect(f"http://{'a' * 70}/"), Reason.MALFORMED_ANSWER),
    "Basic": (answer(401, b"", {"WWW-Authenticate": 'Basic realm="registry"'}), Reason.DENIED),
    "a challenge that is none": (answer(401, b"", {"WWW-Authenticate": '"'}), Reason.DENIED),
    "a realm that is no address": (
        answer(401, b"", {"WWW-Authenticate": 'Bearer realm="http://[::1"'}),
        Reason.MALFORMED_ANSWER,
    ),
    "a realm out of HTTP": (
        answer(401, b"", {"WWW-Authenticate": 'Bearer realm="file:///etc/passwd"'}),
        Reason.MALFORMED_ANSWER,
    ),
    "a token that does not help": (_challenged(answer(200, {"token": "no-use"})), Reason.DENIED),
    "no token": (_challenged(answer(200, {})), Reason.MALFORMED_ANSWER),
    "a token that is none": (_challenged(answer(200, {"token": ["x"]})), Reason.MALFORMED_ANSWER),
    "a token of two lines": (_challenged(answer(200, {"token": "x\r\nHost: evil"})), Reason.MALFORMED_ANSWER),
    "a page in place of a token": (_challenged(answer(200, b"<html>")), Reason.MALFORMED_ANSWER),
    "a token server that denies": (_challenged(answer(403)), Reason.DENIED),
    "a token server that knows nothing": (_challenged(answer(404)), Reason.DENIED),
    "a token server that throttles": (_challenged(answer(429)), Reason.THROTTLED),
    "a token server that fails": (_challenged(answer(503)), Reason.SERVER_ERROR),
    "a token server that resets": (_challenged(reset()), Reason.UNREACHABLE),
}
"""What a registry does to every request, and what is told of it."""
