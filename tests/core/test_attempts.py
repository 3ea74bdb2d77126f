from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import attempts
from bootstrap_monitor.core.attempts import Attempt, AttemptKind, AttemptLimit
from tests.support.objects import LIMIT, NOW, PIN, SELF_DELETION, minutes


def pins(*ages: float) -> list[Attempt]:
    return [Attempt(NOW - age, PIN) for age in minutes(*ages)]


@pytest.mark.parametrize(
    ("tried", "reached"),
    [
        pytest.param([], False, id="none"),
        pytest.param(pins(1, 2), False, id="two"),
        pytest.param(pins(1, 2, 3), True, id="three"),
        pytest.param(pins(1, 2, 3, 4), True, id="four"),
        pytest.param(pins(0, 5, 10), True, id="at the window's edge"),
        pytest.param(pins(0, 5, 10.001), False, id="one outside of the window"),
        pytest.param(pins(1, 2, -3), True, id="one of the near future"),
        pytest.param(pins(1, 2, -60), False, id="one of the far future"),
        pytest.param([*pins(1, 2), Attempt(NOW, SELF_DELETION)], False, id="of another kind"),
    ],
)
def test_reached(tried: list[Attempt], reached: bool) -> None:
    assert LIMIT.reached(tried, PIN, NOW) is reached


def test_record_keeps_what_still_counts() -> None:
    tried = [*pins(11, 9), Attempt(NOW - timedelta(minutes=2), SELF_DELETION)]

    recorded = LIMIT.record(tried, PIN, NOW)

    assert json.loads(recorded) == [
        {"time": "2024-05-08T11:51:00+00:00", "kind": "pin"},
        {"time": "2024-05-08T11:58:00+00:00", "kind": "self-deletion"},
        {"time": "2024-05-08T12:00:00+00:00", "kind": "pin"},
    ]
    assert attempts.parse(recorded) == (*tried[1:], Attempt(NOW, PIN))


def test_the_very_same_attempt_is_recorded_once() -> None:
    """A write whose answer was lost is made again."""
    once = LIMIT.record([], PIN, NOW)

    assert LIMIT.record(attempts.parse(once), PIN, NOW) == once
    assert len(attempts.parse(LIMIT.record(attempts.parse(once), SELF_DELETION, NOW))) == 2


@pytest.mark.parametrize(
    "annotation",
    [
        None,
        "",
        "{",
        "null",
        "{}",
        '"pin"',
        "[1, null, [], {}]",
        '[{"kind": "pin"}]',
        '[{"time": "2024-05-08T12:00:00Z"}]',
        '[{"time": "yesterday", "kind": "pin"}]',
        '[{"time": 5, "kind": "pin"}]',
        '[{"time": "2024-05-08T12:00:00", "kind": "pin"}]',
        '[{"time": "2024-05-08T12:00:00Z", "kind": "patch"}]',
        '[{"time": "2024-05-08T12:00:00Z", "kind": ["pin"]}]',
    ],
)
def test_what_is_no_entry_is_left_out(annotation: str | None) -> None:
    assert attempts.parse(annotation) == ()


def test_entries_beside_rubbish_count() -> None:
    assert attempts.parse('[7, {"time": "2024-05-08T12:00:00Z", "kind": "pin"}]') == (Attempt(NOW, PIN),)


@given(st.text())
def test_no_annotation_raises(annotation: str) -> None:
    attempts.parse(annotation)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "time": st.one_of(st.none(), st.integers(), st.text(), st.datetimes().map(datetime.isoformat)),
                "kind": st.one_of(st.none(), st.sampled_from(["pin", "self-deletion"]), st.lists(st.text())),
            },
        )
    )
)
def test_no_entry_raises(entries: list[dict[str, object]]) -> None:
    LIMIT.reached(attempts.parse(json.dumps(entries)), PIN, NOW)


@given(
    st.lists(
        st.builds(
            Attempt,
            st.integers(1, 10).map(lambda age: NOW - timedelta(minutes=age)),
            st.sampled_from(AttemptKind),
        )
    ),
    st.sampled_from(AttemptKind),
)
def test_what_is_recorded_is_read_again(tried: list[Attempt], kind: AttemptKind) -> None:
    assert attempts.parse(LIMIT.record(tried, kind, NOW)) == (*tried, Attempt(NOW, kind))


@given(st.lists(st.integers(1, 600), max_size=30), st.integers(1, 5))
def test_never_more_than_the_limit_in_a_window(gaps: list[int], count: int) -> None:
    """Whoever asks before each attempt, and records it, stays within the limit."""
    limit, now, annotation, done = AttemptLimit(count, timedelta(minutes=10)), NOW, "[]", []
    for gap in gaps:
        now += timedelta(seconds=gap)
        tried = attempts.parse(annotation)
        if not limit.reached(tried, PIN, now):
            annotation = limit.record(tried, PIN, now)
            done.append(now)
    assert all(sum(abs(other - one) <= limit.window for other in done if other <= one) <= count for one in done)
