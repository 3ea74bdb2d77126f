"""A night of a bad API server beside the sidecar: requests stay within what intervals and back-off schedule allow."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from pathlib import Path

import pytest

from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.retrying import retry_transient
from bootstrap_monitor.timings import (
    CONFLICT_ATTEMPTS,
    PROBE_GONE_TIMEOUT_SECONDS,
    PROBE_POLL_SECONDS,
    RETRY_ATTEMPTS,
    RETRY_WAIT_LEAST_SECONDS,
)
from tests.support.cluster import fails, failure
from tests.support.kube_verbs import VERBS
from tests.support.manifests import FLOATING, NEXT, PINNED, details, template_image
from tests.support.outcomes import ran
from tests.support.rig import BOOTSTRAPPING, HEALTHY, FakeNode, Rig

HOUR = 3600.0
NIGHT = 6 * HOUR
HEALTH_CHECK, IMAGE_CHECK, PROBE_TIMEOUT = 60.0, 300.0, 600.0
"""What the rig's sidecar is given."""
ATTEMPTS = {verb.of: verb.attempts for verb in VERBS.values()}
METHODS = tuple(ATTEMPTS)


@pytest.fixture
def rig(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Rig:
    """Whose API calls are tried as the adapter tries them."""
    caplog.set_level(logging.CRITICAL, logger="bootstrap_monitor")
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())

    def tried(method: str, meet: Callable[[], None]) -> None:
        retry_transient(meet, clock=rig.clock, what=method, attempts=ATTEMPTS[method])

    rig.cluster.through = tried
    return rig


def looks(seconds: float) -> int:
    """At the node, at most."""
    return ceil(seconds / HEALTH_CHECK) + 1


def template_looks(seconds: float) -> int:
    return ceil(seconds / IMAGE_CHECK) + 1


@dataclass(frozen=True)
class Phase:
    """What the sidecar is about when the bad night begins, and how often it asks at most in it, by method."""

    begin: Callable[[Rig], None]
    most: dict[str, int]


def _running(rig: Rig) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)


def _passing(rig: Rig) -> None:
    rig.node = FakeNode(BOOTSTRAPPING, HEALTHY)


def _failing(rig: Rig) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.space = lambda: DiskSpace(total_bytes=100, available_bytes=1)


def _passed(rig: Rig) -> None:
    rig.watch(2 * HEALTH_CHECK)


ASKED_OFTEN = looks(NIGHT) + template_looks(NIGHT)
RUNNING = Phase(_running, {"look_at_pod": looks(NIGHT), "read_stateful_set": template_looks(NIGHT)})
PASSING = Phase(_passing, {"look_at_pod": 4, "read_stateful_set": ASKED_OFTEN})
FAILING = Phase(_failing, {"look_at_pod": looks(NIGHT), "read_stateful_set": ASKED_OFTEN, "pod_log": 1})
PASSED = Phase(_passed, {"read_stateful_set": template_looks(NIGHT)})
FAULTS = {"refused": (0, True), "500": (500, True), "401": (401, True), "403": (403, False), "404": (404, False)}
NIGHTS = {
    **{f"the node bootstraps, {name}": (RUNNING, *fault) for name, fault in FAULTS.items()},
    **{f"a pass is to be stored, {name}": (PASSING, *FAULTS[name]) for name in ("500", "403")},
    **{f"a failure is to be stored, {name}": (FAILING, *FAULTS[name]) for name in ("500", "403")},
    **{f"the next image is looked for, {name}": (PASSED, *FAULTS[name]) for name in ("500", "403")},
}


def bad_time(rig: Rig, seconds: float, fault: Callable[[], None], *methods: str) -> Counter[str]:
    """How often each method was asked, beside the start's two, while these (or all) failed."""

    def begin() -> None:
        for method in methods or METHODS:
            rig.cluster.always(method, fault)

    rig.clock.at(1, begin)
    rig.cluster.calls.clear()
    rig.watch(seconds, stall_timeout=timedelta(days=2))
    rig.cluster.never_mind()
    calls = Counter(rig.cluster.calls)
    calls.subtract(["get_pod", "read_stateful_set"])
    return calls


@pytest.mark.parametrize(("phase", "status", "transient"), NIGHTS.values(), ids=NIGHTS)
def test_a_night_in_which_everything_fails(rig: Rig, phase: Phase, status: int, transient: bool) -> None:
    phase.begin(rig)

    calls = bad_time(rig, NIGHT, fails(status))

    most = {method: turns * (ATTEMPTS[method] if transient else 1) for method, turns in phase.most.items()}
    # The first second is good: a look at all, also by a probe.
    first = Counter(METHODS)
    assert calls <= Counter(most) + first
    assert calls["read_stateful_set"] >= template_looks(NIGHT) / 2, "it goes on"


def test_a_retry_after_is_no_reason_to_ask_more_often(rig: Rig) -> None:
    def throttled() -> None:
        error = failure(429)
        error.retry_after_seconds = 3600.0
        raise error

    calls = bad_time(rig, NIGHT, throttled)
    assert calls["read_stateful_set"] <= ASKED_OFTEN


def test_conflicts_all_the_time(rig: Rig) -> None:
    calls = bad_time(rig, 3 * HOUR, fails(409, "Conflict"), "patch_stateful_set")
    assert looks(HOUR) <= calls["patch_stateful_set"] <= looks(3 * HOUR) * CONFLICT_ATTEMPTS
    assert calls["read_stateful_set"] <= looks(3 * HOUR) * CONFLICT_ATTEMPTS + template_looks(3 * HOUR)


def _polls(seconds: float, transient: bool) -> int:
    """Of a pod, in so many seconds, at most."""
    pause = PROBE_POLL_SECONDS + ((RETRY_ATTEMPTS - 1) * RETRY_WAIT_LEAST_SECONDS if transient else 0)
    return ceil(seconds / pause) + 1


PROBE_VERBS = ("create_pod", "get_pod", "pod_log", "delete_pod", "patch_stateful_set")


@pytest.mark.parametrize("method", PROBE_VERBS)
@pytest.mark.parametrize(("status", "transient"), FAULTS.values(), ids=FAULTS)
def test_hours_in_which_one_verb_of_the_next_image_fails(rig: Rig, method: str, status: int, transient: bool) -> None:
    _passed(rig)

    def moved() -> None:
        rig.cluster.images[FLOATING] = ran(NEXT)

    if method != "delete_pod":  # of a probe pod that stays; the next would be left for with the own pod
        rig.clock.at(1, moved)
    calls = bad_time(rig, 3 * HOUR, fails(status), method)

    rounds, attempts = template_looks(3 * HOUR), ATTEMPTS[method] if transient else 1
    most = {"get_pod": _polls(PROBE_TIMEOUT, transient), "delete_pod": 2}.get(method, 1)
    assert rounds / 4 <= calls[method] <= rounds * attempts * most
    assert calls["get_pod"] <= rounds * max(attempts * most, _polls(PROBE_GONE_TIMEOUT_SECONDS, transient=False))
    assert template_image(rig.cluster.set) == PINNED

    moved()
    rig.watch(3 * IMAGE_CHECK)
    assert template_image(rig.cluster.set) == NEXT, "the day after"
