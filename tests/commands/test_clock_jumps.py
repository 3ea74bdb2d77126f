"""The wall clock jumps by hours, at any time: nothing is negative, nothing ends before it starts, nobody is misled."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.errors import ConfigurationError, ExitCode, Terminated
from tests.support.cluster import fails
from tests.support.manifests import FLOATING, NEXT, PINNED, details, template_image
from tests.support.outcomes import ran, waits
from tests.support.rig import BOOTSTRAPPING, HEALTHY, Count, FakeNode, Rig, logged, terminate

MINUTE, HOUR = 60.0, 3600.0
JUMPS = {
    "5 h ahead": timedelta(hours=5),
    "5 h back": timedelta(hours=-5),
    "years ahead": timedelta(days=1500),
    "to 1970": datetime.fromisoformat("1970-01-01T00:00:00Z") - datetime.fromisoformat("2026-01-02T03:04:05Z"),
}
every_jump = pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """The node bootstraps for half an hour."""
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    rig.node = FakeNode(*[BOOTSTRAPPING] * 30, HEALTHY)
    return rig


PASS_SECONDS = 32 * MINUTE
PHASES = {
    "before the start": 0.0,
    "while it bootstraps": 15 * MINUTE,
    "between two healthy samples": PASS_SECONDS - 30,
    "while the result cannot be stored": PASS_SECONDS + 2 * MINUTE,
    "while the disk usage is counted": PASS_SECONDS + 4 * MINUTE + 30,
    "while an image is probed": PASS_SECONDS + 6 * MINUTE,
}


@every_jump
@pytest.mark.parametrize("at", PHASES.values(), ids=PHASES)
def test_a_jump_in_each_phase(rig: Rig, at: float, by: timedelta, caplog: pytest.LogCaptureFixture) -> None:
    rig.count = Count(None)
    rig.cluster.images[FLOATING] = waits({})
    rig.cluster.always("patch_stateful_set", fails(503))
    rig.clock.at(PASS_SECONDS + 4 * MINUTE, rig.cluster.never_mind)
    rig.clock.at(PASS_SECONDS + 5 * MINUTE, lambda: setattr(rig.count, "value", 1))
    rig.clock.at(PASS_SECONDS + 7 * MINUTE, lambda: rig.cluster.images.update({FLOATING: ran(NEXT)}))
    if at:
        rig.clock.at(at, lambda: rig.clock.jump(by))
    else:
        rig.clock.jump(by)
    began = rig.clock.monotonic()

    rig.watch(PASS_SECONDS + 30 * MINUTE)

    (result,) = rig.results()
    start, end = (datetime.fromisoformat(result[key]) for key in ("start", "end"))
    assert (result["verdict"], end >= start) == ("passed", True)
    assert result["durationSeconds"] == pytest.approx((end - start).total_seconds(), abs=0.01)
    assert logged(caplog, names.COMPLETED)[0]["duration"] >= timedelta()
    assert all(beat["elapsed"] >= timedelta() for beat in logged(caplog, "Bootstrap in progress"))
    assert template_image(rig.cluster.set) == NEXT
    assert rig.clock.monotonic() - began < PASS_SECONDS + 8 * MINUTE, "as soon as without a jump"


CORRECTED = {"soon": 10 * MINUTE, "hours later": 3 * HOUR}


@every_jump
@pytest.mark.parametrize("after", CORRECTED.values(), ids=CORRECTED)
@pytest.mark.parametrize("at", [5 * MINUTE, 20 * MINUTE, 2 * HOUR])
def test_a_jump_that_is_corrected_gives_no_deadline_exceeded(rig: Rig, at: float, after: float, by: timedelta) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.at(at, lambda: rig.clock.jump(by))
    rig.clock.at(at + after, lambda: rig.clock.jump(-by))
    rig.watch(5.5 * HOUR, max_duration=timedelta(hours=27 + 6))
    assert rig.results() == []


@every_jump
def test_a_sidecar_that_starts_in_a_jump_that_is_corrected_soon(rig: Rig, by: timedelta) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.jump(by)
    rig.clock.at(20 * MINUTE, lambda: rig.clock.jump(-by))
    rig.watch(5.5 * HOUR, max_duration=timedelta(hours=27 + 6))
    assert rig.results() == []


@every_jump
def test_a_deadline_that_is_past_is_found_all_the_same_after_a_jump(rig: Rig, by: timedelta) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.at(HOUR, lambda: rig.clock.jump(by))
    rig.clock.at(2 * HOUR, lambda: rig.clock.jump(-by))
    rig.watch(7 * HOUR, max_duration=timedelta(hours=27 + 5), stall_timeout=timedelta(days=9))
    assert [result["reason"] for result in rig.results()] == ["DeadlineExceeded"]


@every_jump
@pytest.mark.parametrize("pinned_before", [0, 1, 2])
def test_who_reverts_the_pin_is_still_met_with_an_error(pinned_before: int, by: timedelta, tmp_path: Path) -> None:
    """A jump may forget the pins before it, never the limit."""
    rig = Rig(tmp_path)

    def pin_and_revert() -> None:
        with pytest.raises(Terminated):
            rig.init().run()
        rig.cluster.set_image(FLOATING)
        rig.cluster.settle()
        rig.clock.follow()

    for _ in range(pinned_before):
        pin_and_revert()
    rig.clock.jump(by)
    for _ in range(3):
        pin_and_revert()

    with pytest.raises(ConfigurationError) as caught:
        rig.init().run()
    assert caught.value.reason == "PinReverted"
    assert len(rig.attempts()) == 3, "those that still count"


@every_jump
def test_pins_before_a_jump_do_not_hold_the_rig_up_for_hours(by: timedelta, tmp_path: Path) -> None:
    """Attempts of a future that a wrong clock saw."""
    rig = Rig(tmp_path)
    for _ in range(3):
        with pytest.raises(Terminated):
            rig.init().run()
        rig.cluster.set_image(FLOATING)
        rig.cluster.settle()
        rig.clock.follow()
    rig.clock.jump(by)
    with pytest.raises(Terminated):
        rig.init().run()


@every_jump
def test_init_starts_a_test_in_a_jump(by: timedelta, tmp_path: Path) -> None:
    """Its start is what the clock said; the sidecar, after the correction, makes the best of it."""
    rig = Rig(tmp_path, PINNED)
    rig.clock.jump(by)
    assert rig.init().run() is ExitCode.DONE
    rig.clock.jump(-by)

    rig.watch(3 * MINUTE)

    (result,) = rig.results()
    assert datetime.fromisoformat(result["end"]) >= datetime.fromisoformat(result["start"])
    assert result["durationSeconds"] >= 0


def test_a_jump_wakes_nobody_early_and_nobody_late(rig: Rig) -> None:
    looks: list[float] = []

    def note() -> None:
        looks.append(rig.clock.monotonic())
        rig.clock.jump(timedelta(hours=5) * (-1) ** len(looks))

    rig.cluster.always("look_at_pod", note)
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.at(HOUR, terminate)
    with pytest.raises(Terminated):
        rig.sidecar().run()
    assert {round(later - earlier, 3) for earlier, later in pairwise(looks)} == {MINUTE}
