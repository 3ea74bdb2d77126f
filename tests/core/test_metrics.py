from __future__ import annotations

import pytest

from bootstrap_monitor.core import metrics
from bootstrap_monitor.core.health import HttpAnswer, NoAnswer

METRICS = b"""\
# HELP avalanche_snowman_last_accepted_height last height accepted
# TYPE avalanche_snowman_last_accepted_height gauge
avalanche_snowman_last_accepted_height{chain="C"} 1.2345678e+07
avalanche_snowman_last_accepted_height{chain="P"} 30
avalanche_snowman_last_accepted_height{vm="avm",chain="X",is="it"} 7 1715169600000
avalanche_snowman_last_accepted_height{chain="nan"} NaN
avalanche_snowman_last_accepted_height{chain="inf"} +Inf
avalanche_snowman_last_accepted_height{chain="text"} none
avalanche_snowman_last_accepted_height{subchain="S"} 4
avalanche_snowman_last_accepted_height 5
avalanche_snowman_last_accepted_timestamp{chain="P"} 1.7e+09
other_avalanche_snowman_last_accepted_height{chain="O"} 9
avalanche_snowman_bs_fetched{chain="C"} 12
"""


@pytest.mark.parametrize(
    ("answered", "heights"),
    [
        pytest.param(HttpAnswer(200, METRICS), {"C": 12345678, "P": 30, "X": 7}, id="metrics"),
        pytest.param(HttpAnswer(200, b""), {}, id="empty"),
        pytest.param(HttpAnswer(200, b"\xff\xfe\n" + METRICS), {"C": 12345678, "P": 30, "X": 7}, id="not UTF-8"),
        pytest.param(HttpAnswer(503, METRICS), {}, id="503"),
        pytest.param(NoAnswer("timed out"), {}, id="no answer"),
    ],
)
def test_heights(answered: HttpAnswer | NoAnswer, heights: dict[str, int]) -> None:
    assert metrics.heights(metrics.marks(answered)) == heights


PROGRESS = b"""\
avalanche_snowman_bs_fetched{chain="C"} 12
avalanche_snowman_bs_accepted{chain="C"} 3
avalanche_avalanche_bs_fetched_vts{chain="X"} 4
avalanche_evm_eth_sync_blocks{chain="C"} 5
avalanche_snowman_last_accepted_height{chain="P"} 7
avalanche_network_peers 9
go_sync_mutex_wait_total_seconds_total 1.5
avalanche_evm_async_x 1
"""


def test_marks_are_heights_and_counters_of_bootstrap_and_sync() -> None:
    assert metrics.marks(HttpAnswer(200, PROGRESS)) == {
        'avalanche_snowman_bs_fetched{chain="C"}': 12,
        'avalanche_snowman_bs_accepted{chain="C"}': 3,
        'avalanche_avalanche_bs_fetched_vts{chain="X"}': 4,
        'avalanche_evm_eth_sync_blocks{chain="C"}': 5,
        'avalanche_snowman_last_accepted_height{chain="P"}': 7,
    }


def test_counters_by_chain() -> None:
    marks = metrics.marks(HttpAnswer(200, PROGRESS))
    assert metrics.counters(marks, "_bs_fetched") == {"C": 12}
    assert metrics.counters(marks, "_bs_fetched_vts") == {"X": 4}


def test_a_node_that_makes_names_up_does_not_fill_the_memory() -> None:
    lines = "".join(f'avalanche_bs_{number}{{chain="C"}} 1\n' for number in range(10_000))
    assert len(metrics.marks(HttpAnswer(200, lines.encode()))) == metrics.MAX_MARKS
