"""Lines in the log that tell how far a restore is: every 5 % or 30 s, and never more than one a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.steps.restore_progress import ProgressLines
from tests.support.clock import FakeClock
from tests.support.rig import logged

GIB = 1 << 30
WHAT = "Restoring the database"


@dataclass
class Amounts:
    archive_bytes: int
    bytes_written: int = 0
    files: int = 0


class Watched:
    """Progress that is told at some seconds after the start."""

    def __init__(self, caplog: pytest.LogCaptureFixture, total_bytes: int | None) -> None:
        self._caplog = caplog
        self.clock = FakeClock()
        self._begin = self.clock.monotonic()
        self._showing = ProgressLines(self.clock).show(WHAT, total_bytes)
        self._tell = self._showing.__enter__()

    def tell(self, at_seconds: float, done: int, **amounts: int) -> None:
        self.clock.advance(self._begin + at_seconds - self.clock.monotonic())
        self._tell(Amounts(done, **amounts))

    def lines(self) -> list[Mapping[str, Any]]:
        return logged(self._caplog, WHAT)


def test_each_five_percent(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100)
    for percent in range(101):
        watched.tell(percent * 2.0, percent)
    assert [line["percent"] for line in watched.lines()] == list(range(5, 101, 5))


def test_each_thirty_seconds_where_it_is_slow(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 1000)
    for second in range(0, 100, 5):
        watched.tell(second, 1)
    assert [line["percent"] for line in watched.lines()] == [0, 0, 0]


def test_thirty_seconds_count_from_the_last_line(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100)
    for second, percent in ((20, 5), (49, 6), (51, 7)):
        watched.tell(second, percent)
    assert [line["percent"] for line in watched.lines()] == [5, 7]


def test_not_more_than_one_a_second(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100)
    for percent in range(101):
        watched.tell(percent / 50, percent)
    assert [line["percent"] for line in watched.lines()] == [50, 100]


def test_all_that_a_line_tells(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100 * GIB)
    watched.tell(0, 0)
    watched.tell(100, 10 * GIB, bytes_written=15 * GIB, files=7)
    assert watched.lines() == [
        {
            "read": "10G",
            "of": "100G",
            "percent": 10,
            "written": "15G",
            "files": 7,
            "perSecond": "103M",
            "eta": timedelta(seconds=900),
        }
    ]


def test_without_a_size_there_is_neither_percent_nor_an_end(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, None)
    watched.tell(0, 0)
    watched.tell(29, 5 * GIB)
    watched.tell(30, 6 * GIB, bytes_written=9 * GIB)
    [line] = watched.lines()
    assert line == {"read": "6.0G", "written": "9.0G", "files": 0, "perSecond": "205M"}


def test_what_an_earlier_process_did_is_no_part_of_the_rate(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100 * GIB)
    watched.tell(0, 50 * GIB)
    watched.tell(50, 60 * GIB)
    [line] = watched.lines()
    assert (line["percent"], line["perSecond"], line["eta"]) == (60, "205M", timedelta(seconds=200))


def test_while_nothing_comes_no_end_is_foretold(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, 100 * GIB)
    watched.tell(0, 0)
    watched.tell(31, 0)
    [line] = watched.lines()
    assert (line["perSecond"], line.get("eta")) == ("0", None)


def test_of_a_copy_what_is_written_counts(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(caplog, None)
    watched.tell(0, 0)
    watched.tell(30, 0, bytes_written=3 * GIB)
    assert watched.lines()[0]["perSecond"] == "103M"
