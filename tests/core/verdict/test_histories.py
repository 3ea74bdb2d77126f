"""Random histories: the fold agrees with what can be said of the list of samples itself."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bootstrap_monitor.core.verdict import history
from bootstrap_monitor.core.verdict.assessment import Limits, assess
from bootstrap_monitor.core.verdict.history import History
from bootstrap_monitor.core.verdict.reason import Reason
from bootstrap_monitor.core.verdict.sample import Sample
from tests.core.verdict.looks import (
    AWAY,
    BOOTSTRAPPING,
    HEALTHY,
    MALFORMED,
    PULLING,
    SICK,
    UNTOLD,
    disk,
    look,
    restarted,
)

LIMITS = Limits(
    healthy_samples=3,
    stall_timeout=timedelta(seconds=60),
    max_restarts=3,
    min_free_percent=5,
    not_started_timeout=timedelta(seconds=30),
    max_duration=timedelta(seconds=300),
)


@st.composite
def samples(draw: st.DrawFn) -> list[Sample]:
    """A run of a sidecar: time goes on, restarts add up."""
    steps = draw(
        st.lists(
            st.tuples(
                st.floats(0.5, 50),
                st.sampled_from((HEALTHY, HEALTHY, HEALTHY, BOOTSTRAPPING, SICK, UNTOLD, AWAY, MALFORMED)),
                st.none() | st.integers(0, 5),
                st.none() | st.sampled_from((10, 10.01, 20, 99)),
                st.sampled_from(("untold", "runs", "restarts", "pulls")),
            ),
            min_size=1,
            max_size=30,
        )
    )
    late = draw(st.sampled_from((0.0, 0.0, 290.0, 10_000.0)))
    at, restarts, run = 0.0, 0, []
    for seconds, health, height, used, container in steps:
        at += seconds
        restarts += container == "restarts"
        state = {"untold": None, "pulls": PULLING}.get(container, restarted(restarts))
        space = None if used is None else disk(used)
        run.append(look(at, health, height=height, disk=space, container=state, elapsed=late + at))
    return run


def fold(run: list[Sample]) -> list[History]:
    told: list[History] = []
    for sample in run:
        told.append(history.after(told[-1] if told else None, sample))
    return told


@settings(max_examples=300)
@given(samples())
def test_never_passed_with_something_left_or_too_few_healthy_in_a_row(run: list[Sample]) -> None:
    for index, told in enumerate(fold(run)):
        last = run[max(0, index - 2) : index + 1]
        fit = len(last) == 3 and all(sample.health.healthy and sample.health.bootstrapping == () for sample in last)
        found = assess(told, LIMITS)
        assert (found is not None and found.reason is Reason.BOOTSTRAPPED) is fit


@settings(max_examples=300)
@given(samples())
def test_never_none_once_a_limit_is_past(run: list[Sample]) -> None:
    for index, told in enumerate(fold(run)):
        seen, now = run[: index + 1], run[index]
        heights = [max(sample.marks.values(), default=-1.0) for sample in seen]
        quiet = [s for s in seen if now.at_seconds - s.at_seconds >= 60]
        nothing_moved = bool(quiet) and len(set(heights[len(quiet) - 1 :])) == 1 and len({s.disk for s in seen}) == 1
        unsettled = bool(quiet) and all(not s.health.bootstrapping for s in seen[len(quiet) - 1 :])
        overdue = now.elapsed_seconds >= 300 and now.at_seconds - seen[0].at_seconds >= 30
        full = now.disk is not None and now.disk.free_percent < 5
        if nothing_moved or unsettled or overdue or full:
            assert assess(told, LIMITS) is not None


@settings(max_examples=300)
@given(samples())
def test_one_verdict_at_a_time_and_the_same_for_the_same_samples(run: list[Sample]) -> None:
    first, again = ([assess(told, LIMITS) for told in fold(run)] for _ in range(2))
    assert first == again
    for found in first:
        assert found is None or found.passed is (found.reason is Reason.BOOTSTRAPPED)


@settings(max_examples=100)
@given(samples())
def test_no_duration_is_negative(run: list[Sample]) -> None:
    for told in fold(run):
        assert told.run_seconds >= 0
        assert told.without_progress_seconds >= 0
        assert told.restarts_without_progress >= 0
        assert told.elapsed_seconds >= 0


def test_a_history_stays_small_however_many_names_the_node_makes_up() -> None:
    told: History | None = None
    for number in range(5_000):
        told = history.after(told, look(float(number), marks={f"avalanche_bs_{number}": 1.0}))
    assert told
    assert len(told.best) == 512
    assert told.without_progress_seconds > 4_000, "what is not remembered is no progress"
