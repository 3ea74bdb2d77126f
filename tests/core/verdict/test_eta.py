from __future__ import annotations

from datetime import timedelta

import pytest

from bootstrap_monitor.core.verdict.eta import eta
from tests.core.verdict.looks import look


def counted(at: float, fetched: float | None, accepted: float | None) -> object:
    marks = {"bs_fetched": fetched, "bs_accepted": accepted}
    told = {f'avalanche_snowman_{name}{{chain="C"}}': value for name, value in marks.items() if value is not None}
    return look(at, marks=told)


@pytest.mark.parametrize(
    ("before", "now", "left"),
    [
        pytest.param((0, 100, 20), (10, 100, 40), {"C": timedelta(seconds=30)}, id="accepted runs after fetched"),
        pytest.param((0, 90, 20), (10, 100, 40), {}, id="still fetched"),
        pytest.param((0, 100, 40), (10, 100, 40), {}, id="nothing accepted"),
        pytest.param((0, 100, 60), (10, 100, 40), {}, id="restarted"),
        pytest.param((0, 100, 90), (10, 100, 100), {}, id="done"),
        pytest.param((0, 100, None), (10, 100, 40), {}, id="accepted untold before"),
        pytest.param((0, None, 20), (10, 100, 40), {}, id="fetched untold before"),
        pytest.param((0, 100, 20), (10, None, None), {}, id="untold"),
        pytest.param((10, 100, 20), (10, 100, 40), {}, id="no time between"),
    ],
)
def test_the_time_left(
    before: tuple[float, float | None, float | None],
    now: tuple[float, float | None, float | None],
    left: dict[str, timedelta],
) -> None:
    assert eta(counted(*before), counted(*now)) == left  # type: ignore[arg-type] # samples
