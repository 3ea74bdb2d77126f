"""The chains' configuration that is given to the node as text (``--chain-config-content``).

Base64 of ``{"C": {"Config": "<base64 of the chain's JSON>", "Upgrade": null}}``, read as Go reads it: the
fields ``Config`` and ``Upgrade`` in any case, others ignored; the chains' names and their own keys exactly.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from bootstrap_monitor.core import node_settings
from bootstrap_monitor.errors import ConfigurationError

STATE_SYNC_KEY = "state-sync-enabled"
_FIELDS = ("config", "upgrade")


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """What a test depends on."""

    canonical: str = ""
    """JSON with sorted keys, the nested texts decoded; one for all spellings. Empty when none is given."""
    state_sync: bool = True
    """Whether the C-Chain takes its state from peers: so does a node that is told nothing."""


def parse(text: str, source: str) -> ChainConfig:
    """The configuration in ``text``; ``source`` is the variable or argument that holds it, for errors.

    :raises ConfigurationError: it is not of that shape, or the C-Chain's is no JSON object, or
        ``state-sync-enabled`` in it is no truth value.
    """
    content = _json(_decoded(text, source, "it"), source, "its content")
    if not isinstance(content, dict | None):
        raise _bad(source, "its content is not a JSON object")
    chains = {name: _chain(value, source, name) for name, value in (content or {}).items()}
    canonical = {
        name: {field: _nested(config) for field, config in fields.items()} for name, fields in chains.items() if fields
    }
    # A surrogate that stands alone is valid in JSON, but not in UTF-8: hence ASCII.
    return ChainConfig(
        json.dumps(canonical, sort_keys=True, separators=(",", ":")),
        _state_sync(chains.get("C", {}).get("config"), source),
    )


def _chain(value: Any, source: str, name: str) -> dict[str, bytes]:
    """The chain's fields that are given and not empty."""
    if value is not None and not isinstance(value, dict):
        raise _bad(source, f"the value of chain {name!r} is not a JSON object")
    fields: dict[str, bytes] = {}
    for key, text in (value or {}).items():
        field = key.lower()
        if field not in _FIELDS or text is None:
            continue
        if not isinstance(text, str):
            raise _bad(source, f"{key!r} of chain {name!r} is not a base64 text")
        fields[field] = _decoded(text, source, f"{key!r} of chain {name!r}")
    return {field: content for field, content in fields.items() if content}


def _state_sync(config: bytes | None, source: str) -> bool:
    if config is None:
        return True
    values = _json(config, source, "the C-Chain's configuration")
    if not isinstance(values, dict | None):
        raise _bad(source, "the C-Chain's configuration is not a JSON object")
    value = (values or {}).get(STATE_SYNC_KEY, True)
    truth: bool | None = None
    if value is None or isinstance(value, bool | int | float):
        truth = bool(value)
    elif isinstance(value, str):
        truth = node_settings.parse_bool(value)
    if truth is None:
        raise _bad(source, f"{STATE_SYNC_KEY!r} of the C-Chain is {json.dumps(value)}, not true or false")
    return truth


def _nested(content: bytes) -> Any:
    """The JSON in it; what is none (another VM's format) as its bytes in base64."""
    try:
        return _loads(content)
    except ValueError:
        return {"base64": base64.b64encode(content).decode()}


def _decoded(text: str, source: str, what: str) -> bytes:
    # Line breaks are allowed anywhere, as in Go's base64.StdEncoding.
    text = text.replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(text.encode(), validate=True)
    except ValueError as error:
        raise _bad(source, f"{what} is not base64") from error


def _json(content: bytes, source: str, what: str) -> Any:
    try:
        return _loads(content)
    except ValueError as error:
        raise _bad(source, f"{what} is not JSON") from error


def _loads(content: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(content.decode(), parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _bad(source: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{source} cannot be read: {why}",
        reason="BadChainConfig",
        check=f"{source} of the node's container, decoded with base64 --decode.",
        do='Give base64 of {"C": {"Config": "<base64 of the chain\'s JSON>"}}, or remove it.',
    )
