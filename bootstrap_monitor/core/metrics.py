"""What ``/ext/metrics`` (Prometheus text) tells of the node's progress.

Names as seen on avalanchego v1.14.2: ``avalanche_snowman_last_accepted_height`` is there for each chain from the node's
start, ``…_bs_fetched`` and ``…_bs_accepted`` (X's DAG: ``…_bs_fetched_vts``) while a chain bootstraps, ``…_eth_sync_…``
in the C-Chain's state sync.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer

MAX_MARKS = 512
"""Of one answer: a node that makes names up does not fill our memory."""

_LINE = re.compile(
    r"^(?P<name>avalanche_(?:\w+_)?(?:bs|sync)_\w+|avalanche_snowman_last_accepted_height)"
    r"(?P<labels>\{[^\n}]*\})? (?P<value>\S+)",
    re.MULTILINE,
)
_CHAIN = re.compile(r'[{,]chain="(?P<chain>[^"]+)"')
_HEIGHT = "avalanche_snowman_last_accepted_height"


def marks(answer: HealthAnswer) -> dict[str, float]:
    """Heights and counters of bootstrap and state sync by ``name{labels}``; empty when the answer has none."""
    found: dict[str, float] = {}
    for name, labels, value in _values(answer):
        found[name + labels] = value
        if len(found) == MAX_MARKS:
            break
    return found


def heights(found: Mapping[str, float]) -> dict[str, int]:
    """The last accepted height by chain, of these :func:`marks`."""
    return {chain: int(value) for chain, value in _by_chain(found, _HEIGHT).items()}


def counters(found: Mapping[str, float], ending: str) -> dict[str, float]:
    """By chain, the counter whose name ends so, as in ``_bs_fetched``."""
    return _by_chain(found, ending)


def _by_chain(found: Mapping[str, float], ending: str) -> dict[str, float]:
    chains: dict[str, float] = {}
    for key, value in found.items():
        name, _, labels = key.partition("{")
        chain = _CHAIN.search("{" + labels)
        if chain and name.endswith(ending):
            chains[chain["chain"]] = value
    return chains


def _values(answer: HealthAnswer) -> Iterator[tuple[str, str, float]]:
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return
    for match in _LINE.finditer(answer.body.decode(errors="replace")):
        try:
            value = float(match["value"])
        except ValueError:
            continue
        if math.isfinite(value):
            yield match["name"], match["labels"] or "", value
