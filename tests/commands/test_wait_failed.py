"""``wait-for-completion`` on the days on which a test fails."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.health import HttpAnswer
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.verdict.reason import Reason
from tests.commands.failures import FULL, HOUR, MINUTE, OPTIONS, WAYS, status, volume_full
from tests.support.cluster import fails
from tests.support.manifests import FLOATING, NEXT, NODE, PINNED, POD, template_image
from tests.support.outcomes import ran
from tests.support.rig import BOOTSTRAPPING, HEALTHY, FakeNode, Rig, logged


@pytest.mark.parametrize("way", WAYS)
def test_each_reason_is_stored_logged_and_told_as_an_event(
    rig: Rig, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    due = way(rig)
    options = OPTIONS.get(way, {})
    if due:
        rig.watch(due - 2, **options)
        assert rig.results() == []
        way(rig)
    rig.watch(due, **options)

    [result] = rig.results()
    assert (result["verdict"], result["reason"]) == ("failed", WAYS[way])
    assert WAYS[way].advice in result["message"]
    assert result["nodeLog"] == "the node's last words\n"
    [fields] = logged(caplog, "Bootstrap failed")
    assert (fields["reason"], fields["message"]) == (result["reason"], result["message"])
    assert logged(caplog, "The node's log") == [{"line": "the node's last words"}]
    event = rig.cluster.events[-1]
    assert (event["reason"], event["type"]) == ("BootstrapFailed", "Warning")
    assert event["involvedObject"]["uid"] == rig.cluster.set["metadata"]["uid"]
    assert result["reason"] in event["message"]


def test_every_reason_of_a_failure_is_in_the_table() -> None:
    assert {*WAYS.values(), Reason.BOOTSTRAPPED} == set(Reason)


def next_is_there(rig: Rig) -> None:
    rig.cluster.images |= {FLOATING: ran(NEXT), NEXT: ran(NEXT)}


@pytest.mark.parametrize("way", WAYS)
def test_the_next_image_takes_over(rig: Rig, way: Any) -> None:
    next_is_there(rig)
    rig.watch(way(rig) + MINUTE, **OPTIONS.get(way, {}))
    assert rig.results()[0]["verdict"] == "failed"
    assert template_image(rig.cluster.set) == NEXT
    assert rig.cluster.deletions[-1]["name"] == POD


def test_hold_holds(rig: Rig) -> None:
    next_is_there(rig)
    volume_full(rig)
    rig.watch(2 * HOUR, on_failure=OnFailure.HOLD)
    assert rig.results()[0]["reason"] == "VolumeFull"
    assert "create_pod" not in rig.cluster.calls
    assert template_image(rig.cluster.set) == PINNED


def test_hold_also_holds_in_a_sidecar_that_restarts(rig: Rig) -> None:
    next_is_there(rig)
    volume_full(rig)
    rig.watch(MINUTE, on_failure=OnFailure.HOLD)
    rig.watch(HOUR, on_failure=OnFailure.HOLD)
    assert len(rig.results()) == 1
    assert template_image(rig.cluster.set) == PINNED


@pytest.mark.parametrize(
    "edit",
    [
        {"metadata": {"annotations": {names.RETEST_ANNOTATION: "again"}}},
        {"spec": {"containers": [{"name": NODE, "image": NEXT}]}},
    ],
    ids=["retest", "another image"],
)
def test_a_person_ends_the_hold(rig: Rig, edit: dict[str, Any]) -> None:
    volume_full(rig)
    rig.clock.at(10 * MINUTE, lambda: rig.cluster.edit({"spec": {"template": edit}}))
    rig.watch(HOUR, on_failure=OnFailure.HOLD)
    assert rig.cluster.deletions[-1]["name"] == POD


@pytest.mark.parametrize("on_failure", OnFailure)
def test_a_later_pass_replaces_the_failure_and_says_so(
    rig: Rig, on_failure: OnFailure, caplog: pytest.LogCaptureFixture
) -> None:
    rig.node = FakeNode(FULL, BOOTSTRAPPING, HEALTHY)
    rig.watch(5 * MINUTE, on_failure=on_failure)
    [result] = rig.results()
    assert (result["verdict"], result["reason"], result["nodeLog"]) == ("passed", "Bootstrapped", "")
    assert "it had failed (VolumeFull)" in result["message"]
    assert logged(caplog, names.COMPLETED)[0]["replaces"] == "VolumeFull"
    assert [event["reason"] for event in rig.cluster.events] == ["BootstrapFailed", "BootstrapPassed"]
    assert logged(caplog, names.IMAGE_UNCHANGED), "the next image is looked for"


def test_a_pass_after_a_restart_of_the_sidecar_replaces_it_too(rig: Rig) -> None:
    rig.node = FakeNode(FULL)
    rig.watch(MINUTE)
    rig.node = FakeNode(HEALTHY)
    rig.watch(3 * MINUTE)
    [result] = rig.results()
    assert result["verdict"] == "passed"
    assert "VolumeFull" in result["message"]


def test_a_failure_is_reported_once_also_when_another_limit_is_passed(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.node = FakeNode(FULL, BOOTSTRAPPING)
    rig.watch(13 * HOUR)
    rig.watch(13 * HOUR)
    assert [result["reason"] for result in rig.results()] == ["VolumeFull"]
    assert len(logged(caplog, "Bootstrap failed")) == 1


def test_a_failure_that_cannot_be_stored_is_not_told_and_a_pass_meanwhile_wins(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.cluster.always("patch_stateful_set", fails(503))
    rig.clock.at(10 * MINUTE, rig.cluster.never_mind)
    rig.node = FakeNode(FULL, HEALTHY)
    rig.watch(15 * MINUTE)
    [result] = rig.results()
    assert result["verdict"] == "passed"
    assert logged(caplog, "Bootstrap failed") == []
    assert "failed" not in result["message"]


@pytest.mark.parametrize("healthy", [True, False])
def test_where_the_health_does_not_tell_the_chains_are_asked(rig: Rig, healthy: bool) -> None:
    rig.node = FakeNode(HttpAnswer(200, b'{"healthy": true, "checks": {}}'))
    rig.node.chains = {"P": True, "X": True, "C": healthy}
    rig.watch(5 * MINUTE)
    assert bool(rig.results()) is healthy


def test_a_look_at_a_pod_that_is_another_s_is_none(rig: Rig) -> None:
    """Deleted by somebody, made anew: its restarts are not this run's."""
    rig.node = FakeNode(BOOTSTRAPPING)
    status(rig, restartCount=0)

    def another() -> None:
        rig.cluster.pods[POD] = json.loads(json.dumps(rig.cluster.pod))
        status(rig, restartCount=50)
        rig.cluster.pod["metadata"]["uid"] = "another"

    rig.clock.kubelet = False
    rig.clock.at(5 * MINUTE, another)
    rig.watch(HOUR)
    assert rig.results() == []


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(days=-400)], ids=["ahead", "back"])
def test_a_clock_that_jumps_and_is_corrected_gives_no_false_deadline(rig: Rig, ahead: timedelta) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.at(1 * HOUR, lambda: rig.clock.jump(ahead))
    rig.clock.at(2 * HOUR, lambda: rig.clock.jump(-ahead))
    rig.watch(5 * HOUR, max_duration=timedelta(days=2))
    assert rig.results() == []


def test_the_eta_is_told_where_it_can_be_computed(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)

    def metrics() -> HttpAnswer:
        accepted = (rig.clock.monotonic() - 1000) / 60
        lines = f'avalanche_snowman_bs_fetched{{chain="P"}} 70\navalanche_snowman_bs_accepted{{chain="P"}} {accepted}\n'
        return HttpAnswer(200, lines.encode())

    rig.node.metrics = metrics
    rig.watch(30 * MINUTE)
    beats = logged(caplog, "Bootstrap in progress")
    assert [beat["eta"] for beat in beats] == [{"P": timedelta(minutes=left)} for left in (60, 50, 40)]
