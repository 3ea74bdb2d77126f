"""Fourteen days of a rig, in about a second each: no invariant breaks, and there was something to break it."""

from __future__ import annotations

import pytest

from tests.soak.run import run

DAYS = 14


@pytest.mark.parametrize("seed", range(1, 21))
def test_fourteen_days(seed: int) -> None:
    counts = run(seed, DAYS).counts
    assert counts["tests begun"] >= 20
    assert counts["passed: Bootstrapped"] >= 10
    assert counts["starts on own data"] >= 10, "tests are resumed"


def test_a_seed_tells_all_that_happens() -> None:
    assert run(3, 2) == run(3, 2)
