"""``info.isBootstrapped``, for a node whose health list does not tell what is left to bootstrap."""

from __future__ import annotations

import orjson

from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.test_config import SyncMode

PATH = "/ext/info"


def chains(mode: SyncMode) -> tuple[str, ...]:
    """Those that the mode bootstraps; of the others the answer stays false for ever."""
    return ("P",) if mode is SyncMode.ONLY_P_CHAIN_FULL_SYNC else ("P", "X", "C")


def is_bootstrapped_request(chain: str) -> JsonObject:
    """The JSON-RPC request's body."""
    return {"jsonrpc": "2.0", "id": 1, "method": "info.isBootstrapped", "params": {"chain": chain}}


def is_bootstrapped(answer: HealthAnswer) -> bool | None:
    """What it says; ``None`` where it does not tell."""
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return None
    try:
        told = orjson.loads(answer.body)["result"]["isBootstrapped"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return told if isinstance(told, bool) else None
