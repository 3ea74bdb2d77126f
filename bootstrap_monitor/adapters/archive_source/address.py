"""Where a request is sent: an HTTP address, taken apart."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

_PORTS = {"http": 80, "https": 443}
_UNQUOTED = "%/:=&?~+!$,;'@()*[]|"


@dataclass(frozen=True, slots=True)
class Address:
    """One to be asked by HTTP. ``target`` is path and query, ``authorization`` a header that may be empty."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    authorization: str = field(repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """To which credentials belong."""
        return self.scheme, self.host, self.port

    @property
    def absolute(self) -> str:
        """For a proxy."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def parse(url: str) -> Address:
    """The address that ``url`` is.

    :raises ValueError: it is none; the message may quote it.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("no address")
    host = parts.hostname.encode("idna").decode()  # raises UnicodeError, a ValueError
    authorization = ""
    if parts.username or parts.password:
        user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = f"Basic {base64.b64encode(user.encode()).decode()}"
    target = quote(parts.path or "/", _UNQUOTED) + (f"?{quote(parts.query, _UNQUOTED)}" if parts.query else "")
    return Address(parts.scheme, host, parts.port or _PORTS[parts.scheme], target, authorization)
