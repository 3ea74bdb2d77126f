"""What names the archive: an address or a path, and how it is told to people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, quote, unquote, urlsplit

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTAINER_FIRST = ("abfs", "abfss")
"""Schemes whose addresses are ``abfs://<container>@<account>/<path>``: what stands before the ``@`` is no user."""
_EXAMPLES = "e.g. 'https://example.com/db.tar.zst', 's3://bucket/db.tar.zst' or '/archives/db.tar.zst'"


class SourceKind(StrEnum):
    """Who is asked for it."""

    HTTP = "http"
    OBJECT_STORE = "object_store"
    FILE = "file"


_KINDS = {
    **dict.fromkeys(("http", "https"), SourceKind.HTTP),
    **dict.fromkeys(("s3", "s3a", "gs", "az", "azure", *_CONTAINER_FIRST), SourceKind.OBJECT_STORE),
    "file": SourceKind.FILE,
}


@dataclass(frozen=True, slots=True)
class SourceName:
    """``text`` may hold secrets; ``shown``, without userinfo, query and fragment, is for logs and records."""

    kind: SourceKind
    text: str = field(repr=False)
    shown: str
    path: str = ""
    """In the file system, absolute or relative; empty for other kinds."""

    def with_suffix(self, suffix: str) -> SourceName:
        """The object beside it, e.g. ``<name>.json``: the suffix goes onto the path, before the query."""
        if not _SCHEME.match(self.text):
            return parse(_suffixed(self.text, suffix))
        parts = urlsplit(self.text)
        return parse(parts._replace(path=_suffixed(parts.path, quote(suffix))).geturl())


def parse(text: str) -> SourceName:
    """The name that ``text`` is: an ``http(s)://``, ``s3://``, ``gs://``, ``az://`` or ``file://`` address, or a path.

    White space around it, as of a line in a file, does not count.

    :raises ValueError: with what is wrong and an example; the text, which may hold secrets, is not quoted.
    """
    text = text.strip()
    if not text or _CONTROL.search(text):
        raise ValueError(f"it is {'not one line of text' if text else 'empty'}; give an address or a path, {_EXAMPLES}")
    scheme = _SCHEME.match(text)
    if not scheme:
        return SourceName(SourceKind.FILE, text, text, text)
    kind = _KINDS.get(scheme[1].lower())
    if kind is None:
        raise ValueError(f"'{scheme[1]}://' is none of {', '.join(f'{known}://' for known in _KINDS)}; {_EXAMPLES}")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(f"it is not an address; {_EXAMPLES}") from None
    shown = parts._replace(netloc=_place(parts), query="", fragment="").geturl()
    if shown != shown.strip():
        raise ValueError(f"its name ends in a blank; {_EXAMPLES}")
    path = _file_path(parts) if kind is SourceKind.FILE else ""
    if kind is SourceKind.HTTP and (not parts.hostname or " " in text):
        raise ValueError("it names no host, or has a blank, e.g. 'https://example.com/db.tar.zst'")
    if kind is SourceKind.OBJECT_STORE and not (parts.netloc and parts.path.strip("/")):
        raise ValueError(f"it names no bucket or no object, e.g. '{parts.scheme}://bucket/db.tar.zst'")
    return SourceName(kind, text, shown, path)


def _place(parts: SplitResult) -> str:
    user, at, place = parts.netloc.rpartition("@")
    return f"{user.partition(':')[0]}{at}{place}" if parts.scheme in _CONTAINER_FIRST else place


def _file_path(parts: SplitResult) -> str:
    path = unquote(parts.path)
    if parts.netloc not in {"", "localhost"} or not path.startswith("/") or _CONTROL.search(path):
        raise ValueError("it names no absolute path, e.g. 'file:///archives/db.tar.zst'")
    return path


def _suffixed(path: str, suffix: str) -> str:
    return (path.rstrip("/") or "/") + suffix
