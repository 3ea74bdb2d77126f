from __future__ import annotations

import pytest

from bootstrap_monitor.core import info
from bootstrap_monitor.core.health import HealthAnswer, HealthSample, HttpAnswer, NoAnswer
from bootstrap_monitor.core.test_config import SyncMode


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (HttpAnswer(200, b'{"jsonrpc":"2.0","result":{"isBootstrapped":true},"id":1}'), True),
        (HttpAnswer(200, b'{"jsonrpc":"2.0","result":{"isBootstrapped":false},"id":1}'), False),
        (HttpAnswer(200, b'{"jsonrpc":"2.0","error":{"code":-32000},"id":1}'), None),
        (HttpAnswer(200, b'{"result":{"isBootstrapped":"true"}}'), None),
        (HttpAnswer(200, b'{"result":null}'), None),
        (HttpAnswer(200, b"[]"), None),
        (HttpAnswer(200, b"<html>"), None),
        (HttpAnswer(503, b'{"result":{"isBootstrapped":true}}'), None),
        (NoAnswer("refused"), None),
    ],
)
def test_what_the_node_says_of_a_chain(answer: HealthAnswer, told: bool | None) -> None:
    assert info.is_bootstrapped(answer) is told


@pytest.mark.parametrize("mode", SyncMode)
def test_only_the_chains_of_the_mode_are_asked_for(mode: SyncMode) -> None:
    assert info.chains(mode) == (("P",) if mode is SyncMode.ONLY_P_CHAIN_FULL_SYNC else ("P", "X", "C"))


@pytest.mark.parametrize(
    ("before", "chains", "left"),
    [
        (HealthSample(True, None), {"P": True, "C": False}, ("C",)),
        (HealthSample(True, None), {"P": True, "C": True}, ()),
        (HealthSample(True, None), {"P": True, "C": None}, None),
        (HealthSample(True, ("S",)), {"P": True}, ("S",)),
        (HealthSample(False, problem="NodeUnreachable: refused"), {"P": True}, None),
    ],
)
def test_what_the_health_does_not_tell_the_chains_do(
    before: HealthSample, chains: dict[str, bool | None], left: tuple[str, ...] | None
) -> None:
    assert before.with_chains(chains).bootstrapping == left
