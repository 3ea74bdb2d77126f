"""Answers of an object store, and what it is asked by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bootstrap_monitor.adapters.archive_source.object_store import ObjectStoreRanges
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.identity import Identity
from tests.support.http_server import ScriptedServer, Step, answer

ETAG = '"2b1e"'
CHANGED = "Sat, 21 Nov 2026 10:00:00 GMT"
CONTENT = bytes(range(256)) * 4
IDENTITY = Identity(len(CONTENT), ETAG, CHANGED)
SECRET = "s3cr3t"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": SECRET}
KEY = "a%20b/db.tar.zst"

Serve = Callable[..., ScriptedServer]


def ranges(text: str = f"s3://bucket/{KEY}", *, stall: timedelta = timedelta(minutes=1)) -> ObjectStoreRanges:
    return ObjectStoreRanges(source_name.parse(text), stall)


def partial(content: bytes = CONTENT, start: int = 0, *, total: int = len(CONTENT), etag: str = ETAG) -> Step:
    """The answer that ``content``, which begins at ``start``, is part of the object."""
    of = f"bytes {start}-{start + len(content) - 1}/{total}"
    return answer(206, content, {"Content-Range": of, "ETag": etag, "Last-Modified": CHANGED})


def begun(content: bytes, *, length: int = len(CONTENT)) -> bytes:
    """An answer with all of the object, in a body of ``length`` bytes, of which ``content`` comes."""
    head = [f"Content-Range: bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}", f"ETag: {ETAG}", f"Last-Modified: {CHANGED}"]
    return "\r\n".join(["HTTP/1.1 206 Partial Content", f"Content-Length: {length}", *head, "", ""]).encode() + content
