from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import go_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta()),
        ("+0", timedelta()),
        ("0s", timedelta()),
        ("1s", timedelta(seconds=1)),
        ("+1s", timedelta(seconds=1)),
        ("1m30s", timedelta(seconds=90)),
        ("30s1m", timedelta(seconds=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1h", timedelta(hours=1)),
        ("1.5h", timedelta(minutes=90)),
        (".5s", timedelta(milliseconds=500)),
        ("1.s", timedelta(seconds=1)),
        ("100us", timedelta(microseconds=100)),
        ("100\u00b5s", timedelta(microseconds=100)),
        ("100\u03bcs", timedelta(microseconds=100)),
        ("1500ns", timedelta(microseconds=2)),
        ("1h0m0s", timedelta(hours=1)),
        ("2562047h", timedelta(hours=2562047)),
    ],
)
def test_parse(text: str, duration: timedelta) -> None:
    assert go_duration.parse(text) == duration


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "units"),
        ("1", "units"),
        ("1.5", "units"),
        ("s", "units"),
        (".s", "units"),
        ("1..5s", "units"),
        ("1d", "units"),
        ("1w", "units"),
        ("1S", "units"),
        ("1h 2m", "units"),
        ("1s\n", "units"),
        ("\u0661s", "units"),
        ("1e3s", "units"),
        ("-1s", "negative"),
        ("-0", "negative"),
        ("2562048h", "too long"),
        ("9" * 400 + "h", "too long"),
    ],
)
def test_parse_refuses(text: str, because: str) -> None:
    with pytest.raises(ValueError, match=because) as caught:
        go_duration.parse(text)

    assert repr(text) in str(caught.value)
    assert "'1m30s'" in str(caught.value)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0s"),
        (timedelta(microseconds=1), "1\u00b5s"),
        (timedelta(microseconds=999), "999\u00b5s"),
        (timedelta(microseconds=1500), "1.5ms"),
        (timedelta(milliseconds=500), "500ms"),
        (timedelta(seconds=1), "1s"),
        (timedelta(seconds=10), "10s"),
        (timedelta(seconds=1.5), "1.5s"),
        (timedelta(seconds=10, microseconds=1), "10.000001s"),
        (timedelta(minutes=1), "1m0s"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=1), "1h0m0s"),
        (timedelta(hours=1, seconds=5), "1h0m5s"),
        (timedelta(days=10, minutes=20, milliseconds=250), "240h20m0.25s"),
        (timedelta(seconds=-2), "-2s"),
    ],
)
def test_format(duration: timedelta, text: str) -> None:
    assert go_duration.format(duration) == text


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36_500)))
def test_format_and_parse_round_trip(duration: timedelta) -> None:
    assert go_duration.parse(go_duration.format(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "number"),
    [
        (timedelta(), 0),
        (timedelta(microseconds=1), 1_000),
        (timedelta(days=30, seconds=1), 2_592_001_000_000_000),
        (timedelta(seconds=-1), -1_000_000_000),
    ],
)
def test_nanoseconds(duration: timedelta, number: int) -> None:
    assert go_duration.nanoseconds(duration) == number
