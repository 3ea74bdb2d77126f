"""One HTTP request of a client, as what it asks for; and the answer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import yaml  # type: ignore[import-untyped]

from e2e.clusters.local.api.errors import ApiError, bad_request
from e2e.clusters.local.api.objects import BY_PLURAL, Json, Kind

JSON = "application/json"
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True)
class Target:
    """What a path names: a collection, an object or a subresource of it."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @classmethod
    def of(cls, path: str) -> Target | None:
        """``None`` for a path of no resource."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        size = {"api": 2, "apis": 3}.get(parts[0], 0)
        rest, namespace = parts[size:], ""
        if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
            namespace, rest = rest[1], rest[2:]
        kind = BY_PLURAL.get(("/".join(parts[1:size]), rest[0])) if size and rest else None
        name, subresource = (*rest[1:], "", "")[:2]
        if kind is None or len(rest) > 3 or (subresource and subresource not in kind.subresources):
            return None
        if bool(namespace) != kind.namespaced and (namespace or name):
            return None
        return cls(kind, namespace, name, subresource)


@dataclass(frozen=True)
class Request:
    """``url`` is path and query, as they came."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @cached_property
    def path(self) -> str:
        return urlsplit(self.url).path

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The last value of each; `labelSelector` and so on."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "t", "true")

    def number(self, name: str) -> int | None:
        """``None`` when it is not there."""
        value = self.query.get(name, "")
        if value and not value.removeprefix("-").isdecimal():
            raise bad_request(f'{name}: Invalid value: "{value}": a number is expected')
        return int(value) if value else None

    @cached_property
    def target(self) -> Target | None:
        return Target.of(self.path)

    @property
    def verb(self) -> str:
        """As a role names it."""
        named = self.target is not None and self.target.name
        if self.method == "DELETE":
            return "delete" if named else "deletecollection"
        if self.method == "GET":
            return "watch" if self.flag("watch") else "get" if named else "list"
        return _VERBS.get(self.method, self.method.lower())

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    @property
    def manager(self) -> str:
        """The field manager: as asked for, or the client's program."""
        return self.query.get("fieldManager") or self.headers.get("User-Agent", "").partition("/")[0] or "unknown"

    @property
    def dry_run(self) -> bool:
        return self.query.get("dryRun") == "All"

    def body(self) -> Any:
        """JSON, or YAML where its type says so. :class:`ApiError` 400 for what is neither."""
        try:
            if self.content_type.endswith("yaml") and not self.content.lstrip().startswith(b"{"):
                return yaml.safe_load(self.content)
            return orjson.loads(self.content)
        except (ValueError, yaml.YAMLError) as error:
            raise bad_request(f"the object provided is unrecognized: {error}") from error

    def object(self) -> Json:
        """The body of a POST or PUT. 400, or 415 for a type that is neither JSON nor YAML."""
        if self.content_type not in ("", JSON, "application/yaml"):
            message = f"the body of the request was in an unknown format - accepted media types include: {JSON}"
            raise ApiError(415, "UnsupportedMediaType", message)
        body = self.body()
        if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict):
            raise bad_request("the object provided is unrecognized: it is no object with metadata")
        return body


@dataclass(frozen=True)
class Response:
    """``body`` in pieces when it comes bit by bit; an empty piece asks whether the client is there yet."""

    status: int
    body: bytes | Iterator[bytes]
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return cls(status, orjson.dumps(body) + b"\n", headers=headers or {})

    @classmethod
    def refusal(cls, error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
        return cls.of(error.body(), error.status, headers)
