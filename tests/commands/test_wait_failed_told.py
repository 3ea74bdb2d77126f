"""What is told of a failure: the node's last words, and Events."""

from __future__ import annotations

import logging

import pytest

from tests.commands.failures import FULL, HOUR, MINUTE, crash_loop, volume_full
from tests.support.cluster import fails
from tests.support.rig import HEALTHY, FakeNode, Rig, logged, messages


@pytest.mark.parametrize(
    ("code", "warned"),
    [(403, True), (503, True), (400, False)],
)
def test_without_the_node_s_log_the_result_is_stored_all_the_same(
    rig: Rig, code: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    rig.cluster.always("pod_log", fails(code))
    volume_full(rig)
    rig.watch(0)
    assert rig.results()[0]["nodeLog"] == ""
    assert bool([m for m in messages(caplog, logging.WARNING) if "log cannot be read" in m]) is warned


def test_a_crash_loop_has_the_log_of_the_run_that_ended(rig: Rig) -> None:
    rig.cluster.previous_log = "panic: no more\n"
    rig.watch(crash_loop(rig))
    assert rig.results()[0]["nodeLog"] == "panic: no more\n"


def test_a_crash_loop_whose_previous_run_is_removed_has_the_log_of_the_last(rig: Rig) -> None:
    rig.cluster.previous_log = "unable to retrieve container logs for containerd://6fcadeba"
    rig.cluster.node_log = "panic: no more\n"
    rig.watch(crash_loop(rig))
    assert rig.results()[0]["nodeLog"] == "panic: no more\n"


def test_a_run_that_has_just_begun_has_the_log_of_the_one_before(rig: Rig) -> None:
    rig.cluster.previous_log = "no space left on device\n"
    rig.cluster.node_log = ""
    volume_full(rig)
    rig.watch(0)
    assert rig.results()[0]["nodeLog"] == "no space left on device\n"


def test_only_the_last_200_lines_are_read(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.node_log = "".join(f"line {number}\n" for number in range(1000))
    volume_full(rig)
    rig.watch(0)
    lines = [fields["line"] for fields in logged(caplog, "The node's log")]
    assert lines == [f"line {number}" for number in range(800, 1000)]
    assert rig.results()[0]["nodeLog"].splitlines() == lines


def test_events_that_are_forbidden_are_one_warning(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.always("create_event", fails(403))
    rig.node = FakeNode(FULL, HEALTHY)
    rig.watch(HOUR)
    assert rig.cluster.calls.count("create_event") == 1
    assert len([m for m in messages(caplog, logging.WARNING) if m.startswith("Events may not")]) == 1
    assert rig.results()[0]["verdict"] == "passed"


def test_an_event_that_fails_is_left_out(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.always("create_event", fails(500))
    rig.node = FakeNode(FULL, HEALTHY)
    rig.watch(10 * MINUTE)
    assert rig.cluster.calls.count("create_event") == 2
    assert len(logged(caplog, "An Event could not be created")) == 2
