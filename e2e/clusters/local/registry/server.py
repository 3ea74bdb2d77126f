"""The registry's HTTP API (version 2), as strict about media types as docker-registry 2.8.

Nobody needs to log in. Deletion is by digest alone, as there.
"""

from __future__ import annotations

import json
import re
import socket
import socketserver
import threading
import uuid
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from e2e.clusters.local.registry.content import DIGEST, REPOSITORY, TAG, Content, Manifest, digest_of

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

_TLS = b"\x16"
"""How a handshake begins."""
_PATH = re.compile(rf"/v2/(?P<repository>{REPOSITORY})/(?P<kind>manifests|blobs/uploads|blobs)/(?P<what>[^/]*)")


class _Refused(Exception):  # noqa: N818 - an answer
    """Becomes an answer."""

    def __init__(self, status: int, code: str, message: str, detail: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "detail": detail}]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # An answer is one write: headers and body in two wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 300

    def handle(self) -> None:
        """A client that wants TLS is told at once that there is none: it would wait for an answer, in vain."""
        if self.connection.recv(1, socket.MSG_PEEK) != _TLS:
            super().handle()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client went away, as it may
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Not a line a request."""

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._route(body)
        except _Refused as refused:
            self._answer(refused.status, json.dumps(refused.body).encode(), "application/json")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any  # noqa: N815 - names of the base class

    def _route(self, body: bytes) -> None:
        target = urlsplit(self.path)
        if target.path in ("/v2", "/v2/"):
            return self._answer(200, b"{}", "application/json")
        found = _PATH.fullmatch(target.path)
        if not found:
            raise _Refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        methods: Mapping[tuple[str, str], Callable[[str, str, dict[str, str], bytes], None]] = {
            ("GET", "manifests"): self._get_manifest,
            ("PUT", "manifests"): self._put_manifest,
            ("DELETE", "manifests"): self._delete_manifest,
            ("GET", "blobs"): self._get_blob,
            ("POST", "blobs/uploads"): self._begin_upload,
            ("PUT", "blobs/uploads"): self._end_upload,
        }
        method = methods.get(("GET" if self.command == "HEAD" else self.command, found["kind"]))
        if method is None:
            raise _Refused(405, "UNSUPPORTED", "The operation is unsupported.")
        return method(found["repository"], found["what"], dict(parse_qsl(target.query)), body)

    def _answer(self, status: int, body: bytes = b"", kind: str = "", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in {"Content_Type": kind, **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    # Manifests

    def _get_manifest(self, repository: str, reference: str, *_: object) -> None:
        by_tag = not DIGEST.fullmatch(reference)
        found = self._accepted(repository, self._manifest(repository, reference), by_tag=by_tag)
        self._answer(200, found.content, found.kind, Docker_Content_Digest=found.digest, Etag=json.dumps(found.digest))

    def _manifest(self, repository: str, reference: str) -> Manifest:
        found = self.server.content.manifest(repository, reference)
        if found is None:
            raise _Refused(404, "MANIFEST_UNKNOWN", "manifest unknown", {"Tag": reference})
        return found

    def _accepted(self, repository: str, found: Manifest, *, by_tag: bool) -> Manifest:
        """A form of it that the client takes; ``*/*`` counts for nothing.

        Of Docker's kinds an older one is made, under a tag: a digest names one form only.
        """
        values = ",".join(self.headers.get_all("Accept") or [])
        accepted = {value.partition(";")[0].strip() for value in values.split(",")}
        if found.kind in (OCI_MANIFEST, OCI_INDEX) and found.kind not in accepted:
            one, all_of_them = ("manifest", "manifests") if found.kind == OCI_MANIFEST else ("index", "indexes")
            message = f"OCI {one} found, but accept header does not support OCI {all_of_them}"
            raise _Refused(404, "MANIFEST_UNKNOWN", message)
        if by_tag and found.kind == DOCKER_LIST and DOCKER_LIST not in accepted:
            found = self._manifest(repository, json.loads(found.content)["manifests"][0]["digest"])
        if by_tag and found.kind == DOCKER_MANIFEST and DOCKER_MANIFEST not in accepted:
            layers = [{"blobSum": layer["digest"]} for layer in json.loads(found.content)["layers"]]
            document = {"schemaVersion": 1, "name": repository, "fsLayers": layers[::-1]}
            found = Manifest(SCHEMA_1, json.dumps(document).encode())
        return found

    def _put_manifest(self, repository: str, reference: str, _: object, body: bytes) -> None:
        manifest = Manifest(self.headers.get("Content-Type") or DOCKER_MANIFEST, body)
        by_digest = DIGEST.fullmatch(reference)
        if by_digest and reference != manifest.digest:
            raise _Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        if not by_digest and not TAG.fullmatch(reference):
            raise _Refused(400, "TAG_INVALID", "manifest tag did not match URI")
        content = self.server.content
        try:
            document = json.loads(body)
            parts = [part["digest"] for part in document.get("manifests", [])]
            blobs = [part["digest"] for part in [document["config"], *document["layers"]]] if not parts else []
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _Refused(400, "MANIFEST_INVALID", "manifest invalid", repr(error)) from None
        missing = [digest for digest in blobs if not content.has_blob(repository, digest)]
        missing += [digest for digest in parts if content.manifest(repository, digest) is None]
        if missing:
            raise _Refused(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", {"digest": missing[0]})
        content.put_manifest(repository, manifest, "" if by_digest else reference)
        location = f"/v2/{repository}/manifests/{manifest.digest}"
        self._answer(201, Location=location, Docker_Content_Digest=manifest.digest)

    def _delete_manifest(self, repository: str, reference: str, *_: object) -> None:
        if not DIGEST.fullmatch(reference):
            raise _Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        if not self.server.content.delete_manifest(repository, reference):
            raise _Refused(404, "MANIFEST_UNKNOWN", "manifest unknown", {"Tag": reference})
        self._answer(202)

    # Blobs

    def _get_blob(self, repository: str, digest: str, *_: object) -> None:
        found = self.server.content.blob(repository, digest) if DIGEST.fullmatch(digest) else None
        if found is None:
            raise _Refused(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
        self._answer(200, found, "application/octet-stream", Docker_Content_Digest=digest)

    def _begin_upload(self, repository: str, _: str, query: dict[str, str], __: bytes) -> None:
        digest, source = query.get("mount", ""), query.get("from", "")
        mountable = DIGEST.fullmatch(digest) and re.fullmatch(REPOSITORY, source)
        if mountable and self.server.content.has_blob(source, digest):
            self.server.content.link_blob(repository, digest)
            self._blob_created(repository, digest)
        else:
            # One request brings all of it: there is nothing to remember meanwhile.
            upload = str(uuid.uuid4())
            location = f"/v2/{repository}/blobs/uploads/{upload}?_state=begun"
            self._answer(202, Location=location, Docker_Upload_UUID=upload, Range="0-0")

    def _end_upload(self, repository: str, _: str, query: dict[str, str], body: bytes) -> None:
        if digest_of(body) != query.get("digest"):
            raise _Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.server.content.put_blob(repository, body)
        self._blob_created(repository, digest_of(body))

    def _blob_created(self, repository: str, digest: str) -> None:
        self._answer(201, Location=f"/v2/{repository}/blobs/{digest}", Docker_Content_Digest=digest)


class _Server(socketserver.ThreadingTCPServer):
    """Not http.server's: that asks DNS for its own name."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.content = Content(folder)


class Registry:
    """Serves what the folder holds, on loopback. ``port`` 0 takes a free one.

    :raises OSError: the port is in use.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._server = _Server(folder, port)
        self.port: int = self._server.server_address[1]
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="registry", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
