from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import results
from bootstrap_monitor.core.results import Result, Verdict
from bootstrap_monitor.core.verdict.reason import Reason
from tests.support.objects import DIGEST, OTHER_DIGEST, PINNED, START

RESULT = Result(
    fingerprint="f4e9744ea269911f",
    retest="",
    image=PINNED,
    versions={"application": "avalanchego/1.14.2"},
    network="fuji",
    sync_mode="full-sync",
    start=START,
    end=datetime(2024, 5, 1, 13, 0, 0, 500_000, tzinfo=UTC),
    verdict=Verdict.PASSED,
    reason=Reason.BOOTSTRAPPED,
    message="bootstrapped and healthy",
    disk_bytes=4096,
    pod="rig-0",
)


def test_entry() -> None:
    assert RESULT.entry() == {
        "schema": 1,
        "fingerprint": "f4e9744ea269911f",
        "retest": "",
        "image": PINNED,
        "versions": {"application": "avalanchego/1.14.2"},
        "network": "fuji",
        "syncMode": "full-sync",
        "start": START,
        "end": "2024-05-01T13:00:00.500000+00:00",
        "durationSeconds": 3600.377,
        "verdict": "passed",
        "reason": "Bootstrapped",
        "message": "bootstrapped and healthy",
        "diskBytes": 4096,
        "pod": "rig-0",
        "nodeLog": "",
    }


def test_a_clock_that_jumped_back() -> None:
    early = replace(RESULT, end=datetime(2024, 5, 1, 11, tzinfo=UTC), disk_bytes=None, versions=None)

    assert early.entry()["durationSeconds"] == 0
    assert early.entry()["diskBytes"] is None


@pytest.mark.parametrize(
    "annotation",
    [None, "", "{", "rubbish", "null", "5", "{}", '"text"', "[]", "[1, null, [{}]]", '{"start": "x"}', "[" * 5000],
    ids=lambda annotation: repr(annotation)[:20],
)
def test_rubbish_holds_no_results(annotation: str | None) -> None:
    assert results.parse(annotation) == ()


def test_entries_beside_rubbish_are_kept() -> None:
    kept = ({"fingerprint": 5}, {"later": "release", "fingerprint": "a"})

    assert results.parse(json.dumps([kept[0], 7, kept[1]])) == kept
    assert results.of_image(kept, fingerprint="a") == kept[1]


@given(st.text())
def test_no_annotation_raises(annotation: str) -> None:
    entries = results.with_result(results.parse(annotation), RESULT)

    assert results.parse(results.encode(entries)) == entries


def starting(hour: int, **changes: Any) -> Result:
    start = datetime(2024, 5, 1, hour, tzinfo=UTC)
    return replace(RESULT, start=start.isoformat(), end=start, **changes)


def test_newest_first() -> None:
    entries = results.with_result(results.with_result((), starting(1)), starting(2))

    assert [entry["start"] for entry in entries] == [starting(2).start, starting(1).start]
    assert results.parse(results.encode(entries)) == entries


@pytest.mark.parametrize(
    ("second", "count"),
    [
        pytest.param(starting(1, message="again"), 1, id="the same test"),
        pytest.param(starting(1, fingerprint="other"), 2, id="another configuration"),
        pytest.param(starting(2), 2, id="another start"),
        pytest.param(starting(2, retest="1"), 2, id="a retest"),
    ],
)
def test_a_test_has_one_result(second: Result, count: int) -> None:
    before = results.with_result(results.with_result((), starting(1)), starting(0))

    entries = results.with_result(before, second)

    assert entries[0] == second.entry()
    assert len(entries) == 1 + count
    assert results.with_result(entries, second) == entries


def test_a_pass_replaces_a_failure_of_the_same_test_and_is_not_replaced_by_one() -> None:
    failed = replace(RESULT, verdict=Verdict.FAILED, reason=Reason.STALLED, message="nothing moves")
    entries = results.with_result(results.with_result((), failed), RESULT)
    assert entries == (RESULT.entry(),)
    assert results.with_result(entries, failed) == entries


def test_the_oldest_go_beyond_twenty() -> None:
    entries: tuple[dict[str, Any], ...] = ()
    for hour in range(23):
        entries = results.with_result(entries, starting(hour))

    assert [entry["start"] for entry in entries] == [starting(hour).start for hour in range(22, 2, -1)]


def test_an_old_result_that_is_replaced_makes_no_room_for_itself() -> None:
    entries = tuple(starting(hour).entry() for hour in range(20))

    replaced = results.with_result(entries, starting(19, message="again"))

    assert len(replaced) == 20
    assert replaced[0]["message"] == "again"
    assert replaced[1:] == entries[:19]


ENTRIES = (
    starting(2).entry(),
    starting(1, fingerprint="other", image=f"a/b@{OTHER_DIGEST}").entry(),
    starting(1).entry(),
)


@pytest.mark.parametrize(
    ("fingerprint", "hour", "found"),
    [(RESULT.fingerprint, 1, 2), (RESULT.fingerprint, 2, 0), ("other", 1, 1), ("other", 2, None), ("none", 1, None)],
)
def test_of_test(fingerprint: str, hour: int, found: int | None) -> None:
    entry = results.of_test(ENTRIES, fingerprint=fingerprint, start=starting(hour).start)

    assert entry == (None if found is None else ENTRIES[found])


@pytest.mark.parametrize(
    ("digest", "hour", "found"), [(DIGEST, 1, 2), (DIGEST, 2, 0), (OTHER_DIGEST, 1, 1), (OTHER_DIGEST, 2, None)]
)
def test_of_start(digest: str, hour: int, found: int | None) -> None:
    entry = results.of_start(ENTRIES, image_digest=digest, start=starting(hour).start)

    assert entry == (None if found is None else ENTRIES[found])


@pytest.mark.parametrize(("fingerprint", "found"), [(RESULT.fingerprint, 0), ("other", 1), ("none", None)])
def test_of_image_is_the_newest(fingerprint: str, found: int | None) -> None:
    assert results.of_image(ENTRIES, fingerprint=fingerprint) == (None if found is None else ENTRIES[found])


def failed(start: int, log: str) -> dict[str, object]:
    return {"fingerprint": "f", "start": str(start), "verdict": "failed", "nodeLog": log}


def test_the_end_of_the_node_s_log_is_kept_by_whole_lines() -> None:
    lines = [f"line {number} \u2713" for number in range(2_000)]
    kept = results.log_tail("\n".join(lines))
    assert len(kept.encode()) <= results.MAX_NODE_LOG_BYTES
    assert lines[-len(kept.splitlines()) :] == kept.splitlines()
    assert len(results.log_tail("x" * 10_000)) == results.MAX_NODE_LOG_BYTES
    assert len(results.log_tail("\u2713" * 10_000).encode()) <= results.MAX_NODE_LOG_BYTES
    assert results.log_tail("short\n") == "short\n"


def test_above_64_kib_the_oldest_log_tails_go_first_entries_last() -> None:
    entries = tuple(failed(number, "y" * 4096) for number in range(19))
    kept = results.with_result(entries, replace(RESULT, node_log="z" * 4096))
    assert len(results.encode(kept)) <= results.MAX_BYTES
    assert len(kept) == 20
    logs = [bool(entry["nodeLog"]) for entry in kept]
    assert logs == sorted(logs, reverse=True)
    assert 10 < sum(logs) < 20

    long = tuple({**failed(number, ""), "message": "m" * 10_000} for number in range(19))
    kept = results.with_result(long, replace(RESULT, node_log="z" * 4096))
    assert len(results.encode(kept)) <= results.MAX_BYTES
    assert [entry["start"] for entry in kept] == [RESULT.start, *(str(number) for number in range(len(kept) - 1))]
    assert kept[0]["nodeLog"] == "", "tails go before entries"


def test_the_newest_entry_stays_however_long_it_is() -> None:
    assert len(results.with_result((), replace(RESULT, message="m" * 100_000))) == 1
