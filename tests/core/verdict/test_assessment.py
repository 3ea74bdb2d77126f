"""Each reason: when it holds, when not yet, and which comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bootstrap_monitor.core.container_state import ContainerState
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthSample
from bootstrap_monitor.core.verdict.assessment import Limits, assess
from bootstrap_monitor.core.verdict.reason import Reason
from bootstrap_monitor.core.verdict.sample import Sample
from tests.core.verdict.looks import (
    AWAY,
    BOOTSTRAPPING,
    HEALTHY,
    HOUR,
    LIMITS,
    MALFORMED,
    MINUTE,
    PULLING,
    SICK,
    UNTOLD,
    disk,
    folded,
    look,
    restarted,
)

DISK_CHECK = HealthSample(False, ("P",), ("bootstrapped", "diskspace"))
STARTING = ContainerState(waits=True)
BACK_OFF = ContainerState(restarts=4, waits=True, waiting="CrashLoopBackOff")
CRASHED = restarted(5, last_end="Error, exit code 1")
DAY = 24 * HOUR

VERDICTS: dict[str, tuple[list[Sample], Reason | None]] = {
    "healthy three times": ([look(at, HEALTHY) for at in (0, 1, 2)], Reason.BOOTSTRAPPED),
    "healthy twice": ([look(at, HEALTHY) for at in (0, 1)], None),
    "healthy, with something left": ([look(at, HealthSample(True, ("P",))) for at in (0, 1, 2)], None),
    "healthy, not told what is left": ([look(at, UNTOLD) for at in (0, 1, 2)], None),
    "healthy twice, away, healthy twice": (
        [look(0, HEALTHY), look(1, HEALTHY), look(2, AWAY), look(3, HEALTHY), look(4, HEALTHY)],
        None,
    ),
    "the node's check of the disk": ([look(0, DISK_CHECK)], Reason.VOLUME_FULL),
    "less than 5 % free": ([look(0, disk=disk(95.1))], Reason.VOLUME_FULL),
    "just 5 % free": ([look(0, disk=disk(95))], None),
    "no filesystem of that size": ([look(0, disk=DiskSpace(0, 0))], None),
    "passed on a full volume": ([look(at, HEALTHY, disk=disk(99)) for at in (0, 1, 2)], Reason.BOOTSTRAPPED),
    "no image for 30 minutes": (
        [look(at, AWAY, container=PULLING) for at in (0, 30 * MINUTE)],
        Reason.NODE_NOT_STARTED,
    ),
    "no image for 29 minutes": ([look(at, AWAY, container=PULLING) for at in (0, 29 * MINUTE)], None),
    "a pull without end or reason": (
        [look(at, AWAY, container=STARTING) for at in (0, 30 * MINUTE)],
        Reason.NODE_NOT_STARTED,
    ),
    "no image, which the API server did not always tell": (
        [look(0, AWAY, container=PULLING), look(10 * MINUTE, AWAY), look(30 * MINUTE, AWAY, container=PULLING)],
        Reason.NODE_NOT_STARTED,
    ),
    "no image, it ran, no image": (
        [
            look(0, AWAY, container=PULLING),
            look(MINUTE, container=restarted(0)),
            look(2 * MINUTE, AWAY, container=PULLING),
            look(31 * MINUTE, AWAY, container=PULLING),
        ],
        None,
    ),
    "a back-off is not a start": ([look(at, AWAY, container=BACK_OFF) for at in (0, HOUR)], None),
    "five restarts": ([look(0, AWAY, container=restarted(0)), look(9, AWAY, container=CRASHED)], Reason.CRASH_LOOP),
    "four restarts": ([look(0, AWAY, container=restarted(0)), look(9, AWAY, container=restarted(4))], None),
    "five restarts, with a height in between": (
        [
            look(0, height=1, container=restarted(0)),
            look(9, height=2, container=restarted(3)),
            look(19, AWAY, container=restarted(5)),
        ],
        None,
    ),
    "five restarts, the same height after each": (
        [look(9.0 * n, height=7, container=restarted(n)) for n in range(6)],
        Reason.CRASH_LOOP,
    ),
    "five restarts, while the disk moves": (
        [look(9.0 * n, AWAY, disk=disk(10 + n % 2), container=restarted(n)) for n in range(6)],
        Reason.CRASH_LOOP,
    ),
    "five restarts before this run": ([look(0, AWAY, container=restarted(9))], None),
    "five restarts, first seen late": (
        [look(0, AWAY), look(5, AWAY, container=restarted(9)), look(9, AWAY, container=restarted(14))],
        Reason.CRASH_LOOP,
    ),
    "unhealthy for six hours": (
        [look(0, SICK, height=1), look(6 * HOUR, SICK, height=2)],
        Reason.UNHEALTHY,
    ),
    "unhealthy for less": ([look(0, SICK, height=1), look(6 * HOUR - 1, SICK, height=2)], None),
    "healthy now and then": (
        [look(0, SICK, height=1), look(3 * HOUR, HEALTHY, height=2), look(6 * HOUR, SICK, height=3)],
        Reason.UNHEALTHY,
    ),
    "unhealthy, then bootstrapping again": (
        [look(0, SICK, height=1), look(3 * HOUR, BOOTSTRAPPING, height=2), look(6 * HOUR, SICK, height=3)],
        None,
    ),
    "what is left is never told": (
        [look(0, UNTOLD, height=1), look(6 * HOUR, UNTOLD, height=2)],
        Reason.UNHEALTHY,
    ),
    "the health answers rubbish while heights move": (
        [look(0, MALFORMED, height=1), look(6 * HOUR, MALFORMED, height=2)],
        Reason.UNHEALTHY,
    ),
    "nothing answers for six hours": ([look(0, AWAY), look(6 * HOUR, AWAY)], Reason.STALLED),
    "nothing moves for six hours": ([look(0, height=1), look(6 * HOUR, height=1)], Reason.STALLED),
    "a height moves": ([look(0, height=1), look(5 * HOUR, height=2), look(10 * HOUR, height=2)], None),
    "heights go back": ([look(0, height=9), look(5 * HOUR, height=8), look(6 * HOUR, height=9)], Reason.STALLED),
    "64 MiB of disk move": (
        [look(0, disk=disk(10)), look(5 * HOUR, disk=disk(10 + 1 / 16)), look(6 * HOUR, disk=disk(10 + 1 / 16))],
        Reason.STALLED,
    ),
    "more of the disk moves": (
        [look(0, disk=disk(10)), look(5 * HOUR, disk=disk(10.07)), look(6 * HOUR, disk=disk(10.07))],
        None,
    ),
    "the disk is compacted": (
        [look(0, disk=disk(10)), look(5 * HOUR, disk=disk(9)), look(6 * HOUR, disk=disk(9))],
        None,
    ),
    "the disk is first told later": (
        [look(0), look(1, disk=disk(10)), look(6 * HOUR, disk=disk(10.01))],
        Reason.STALLED,
    ),
    "two days": (
        [look(0, height=1), look(DAY, height=2), look(2 * DAY - HOUR, height=3), look(2 * DAY, height=4)],
        Reason.DEADLINE_EXCEEDED,
    ),
    "less than two days": (
        [look(0, height=1), look(DAY, height=2), look(2 * DAY - HOUR, height=3), look(2 * DAY - 1, height=4)],
        None,
    ),
    "right after a scale from 0": (
        [look(0, elapsed=30 * DAY), look(29 * MINUTE, elapsed=30 * DAY + 29 * MINUTE)],
        None,
    ),
    "half an hour after a scale from 0": (
        [look(0, elapsed=30 * DAY), look(30 * MINUTE, elapsed=30 * DAY + 30 * MINUTE)],
        Reason.DEADLINE_EXCEEDED,
    ),
    "a clock that jumps ahead and is corrected": (
        [look(0), look(HOUR, height=1, elapsed=300 * DAY), look(2 * HOUR, height=2)],
        None,
    ),
    "a clock that jumped ahead": ([look(0), look(HOUR, height=1, elapsed=300 * DAY)], None),
    "a clock that was ahead at the start and is corrected": (
        [look(0, elapsed=300 * DAY), look(HOUR, height=1, elapsed=HOUR)],
        None,
    ),
    "a clock that goes back": ([look(0), look(DAY, height=1, elapsed=0), look(DAY + 1, height=2)], None),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_verdict(case: str) -> None:
    samples, reason = VERDICTS[case]
    assessment = assess(folded(*samples), LIMITS)
    assert (assessment.reason if assessment else None) is reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_case_here(reason: Reason) -> None:
    assert reason in {expected for _, expected in VERDICTS.values()}


def test_without_a_maximum_a_test_may_take_for_ever() -> None:
    samples = [look(0), look(5 * HOUR, height=1, elapsed=999 * DAY)]
    assert assess(folded(*samples), replace(LIMITS, max_duration=None)) is None


def test_a_short_maximum_does_not_wait_for_the_time_of_a_start() -> None:
    found = assess(folded(look(0), look(60)), replace(LIMITS, max_duration=timedelta(minutes=1)))
    assert found
    assert found.reason is Reason.DEADLINE_EXCEEDED


def test_first_hit_wins_in_the_order_of_the_reasons() -> None:
    """With all failures at once, each cause that is taken away shows the next."""
    full, loop = disk(99), restarted(9, waits=True, waiting="ErrImagePull")
    at = 10 * DAY
    first = look(0, SICK, container=restarted(0, waits=True, waiting="ErrImagePull"))
    seen = [
        assess(folded(first, look(at, health, **more)), LIMITS)
        for health, more in (
            (SICK, {"disk": full, "container": loop}),
            (SICK, {"container": loop}),
            (SICK, {"container": restarted(9)}),
            (SICK, {"container": restarted(0)}),
            (BOOTSTRAPPING, {"container": restarted(0)}),
            (BOOTSTRAPPING, {"container": restarted(0), "height": 1.0}),
        )
    ]
    assert [found and found.reason for found in seen] == list(Reason)[1:]


WORDS = {
    Reason.BOOTSTRAPPED: (("3 samples",), VERDICTS["healthy three times"]),
    Reason.VOLUME_FULL: (("5 %", "4.9G of 100G"), VERDICTS["less than 5 % free"]),
    Reason.NODE_NOT_STARTED: (("30m0s", "ImagePullBackOff (not found)"), VERDICTS["no image for 30 minutes"]),
    Reason.CRASH_LOOP: (("5 times", "exit code 1"), VERDICTS["five restarts"]),
    Reason.UNHEALTHY: (("6h0m0s", "network"), VERDICTS["unhealthy for six hours"]),
    Reason.STALLED: (("6h0m0s", "NodeUnreachable: refused"), VERDICTS["nothing answers for six hours"]),
    Reason.DEADLINE_EXCEEDED: (("48h0m0s", "P"), VERDICTS["two days"]),
}


@pytest.mark.parametrize("reason", Reason)
def test_the_message_says_what_was_found_and_what_to_do(reason: Reason) -> None:
    words, (samples, _) = WORDS[reason]
    found = assess(folded(*samples), LIMITS)
    assert found
    assert all(word in found.finding for word in words)
    assert reason.advice in found.message
    assert bool(reason.advice) is not found.passed


def test_limits_are_the_caller_s() -> None:
    limits = Limits(
        healthy_samples=1,
        stall_timeout=timedelta(seconds=1),
        max_restarts=1,
        min_free_percent=50,
        not_started_timeout=timedelta(seconds=1),
        max_duration=None,
    )
    for samples, reason in (
        ([look(0, HEALTHY)], Reason.BOOTSTRAPPED),
        ([look(0, disk=disk(51))], Reason.VOLUME_FULL),
        ([look(0, container=PULLING), look(1, container=PULLING)], Reason.NODE_NOT_STARTED),
        ([look(0, container=restarted(0)), look(0.5, container=restarted(1))], Reason.CRASH_LOOP),
        ([look(0, SICK), look(1, SICK)], Reason.UNHEALTHY),
        ([look(0), look(1)], Reason.STALLED),
    ):
        found = assess(folded(*samples), limits)
        assert found
        assert found.reason is reason
