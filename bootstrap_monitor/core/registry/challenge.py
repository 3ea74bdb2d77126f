"""``WWW-Authenticate``: how a registry says where to get a token.

The grammar is RFC 9110's (section 11); realm, service and scope are of the distribution specification's token
authentication. Basic and all other schemes want credentials, which nobody gave us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a token of the grammar
_parameter = re.compile(rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}|[^\s",]+))(?=\s*(?:,|$))')
_scheme = re.compile(rf"({_TOKEN})(?=\s|,|$)")
_token68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_separator = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Where to get a token. ``service`` and ``scope`` are empty where the registry names none."""

    realm: str = field(repr=False)
    """A URL, which may hold credentials."""
    service: str = ""
    scope: str = ""


def bearer(header: str) -> Bearer | None:
    """The first Bearer challenge with a realm, or None. Several headers may be joined by commas.

    What comes after something that is no challenge is not read.
    """
    for scheme, parameters in _challenges(header):
        if scheme == "bearer" and parameters.get("realm"):
            return Bearer(parameters["realm"], parameters.get("service", ""), parameters.get("scope", ""))
    return None


def _challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    at = _end(_separator.match(header))
    while at < len(header):
        if found and (match := _parameter.match(header, at)):
            value = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
            found[-1][1].setdefault(match[1].lower(), value)
        elif match := _scheme.match(header, at):
            found.append((match[1].lower(), {}))
        elif not (found and (match := _token68.match(header, at))):
            break
        at = _end(_separator.match(header, match.end()))
    return found


def _end(match: re.Match[str] | None) -> int:
    assert match
    return match.end()
