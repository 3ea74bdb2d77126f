"""After a failed verdict: hold, a later pass, a retest; and the story as Events."""

from __future__ import annotations

import pytest

from e2e.kit.api import Json
from e2e.kit.manifests import RETEST_ANNOTATION, SIDECAR
from e2e.kit.rig import Rig
from e2e.kit.underway import (
    BOOTSTRAPPING,
    COMPLETED,
    RESUMING,
    UNCHANGED,
    edits,
    is_kept,
    probes,
    start_test,
    tracebacks,
)

pytestmark = pytest.mark.scripted

FAILED = "Bootstrap failed"
STALLS = ("--stall-timeout=4s",)
HOLD = "--on-failure=hold"
SAMPLES_WHILE_HELD = 8


def test_hold_and_leave_it_by_a_retest(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    # A look for the next image between any two samples, if there were one.
    details = start_test(rig, rig.tester(image_check_interval="1s", sidecar_args=(*STALLS, HOLD)))
    [failed] = rig.until_results(1)
    assert failed["reason"] == "Stalled"
    held = rig.node_image.pinned
    rig.node_image.push()
    uid, probed, edited = rig.pod_uid, probes(rig), edits(rig)
    _watch_samples(rig, SAMPLES_WHILE_HELD)
    assert rig.pod_uid == uid
    assert probes(rig) == probed
    assert edits(rig) == edited
    assert rig.results() == [failed]
    assert is_kept(rig)

    _ask_for_retest(rig, "look again")
    uid = rig.until_replaced(uid)
    rig.until_node_runs(uid)
    assert rig.pod_image() == held
    assert not is_kept(rig)
    rig.tell_node(bootstrapping=[])
    again = rig.until(lambda: _of_retest(rig, "look again"), "the result of the retest")
    assert again["verdict"] == "passed"
    assert again["image"] == failed["image"] == held
    assert again["start"] > details["startTime"]

    # Nothing is held any more.
    rig.until_pinned()
    newest = rig.until_results(3)[0]
    assert newest["image"] == rig.node_image.pinned
    assert rig.results()[1:] == [again, failed]
    assert not tracebacks(rig)


def test_passed_after_it_had_failed(rig: Rig) -> None:
    """The entry is replaced; a sidecar that restarts in between tells neither verdict twice."""
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester(sidecar_args=STALLS))
    [failed] = rig.until_results(1)
    assert failed["verdict"] == "failed"
    rig.until_logged(FAILED)
    rig.kill(SIDECAR)
    rig.until_logged("Watching the node", SIDECAR, count=2)
    rig.tell_node(bootstrapping=[])
    rig.until(lambda: rig.results()[0]["verdict"] == "passed", "the pass")
    [passed] = rig.results()
    assert [passed[same] for same in ("start", "fingerprint")] == [failed[same] for same in ("start", "fingerprint")]
    assert passed["start"] == details["startTime"]
    assert "before, it had failed (Stalled)" in passed["message"]
    [told] = rig.until_logged(COMPLETED)
    assert told["replaces"] == "Stalled"
    assert len(rig.logged(FAILED)) == 1

    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == passed
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert not tracebacks(rig)


@pytest.mark.wide
@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_retest_of_a_crash_loop(rig: Rig, policy: str) -> None:
    """Not Ready, and nothing that a controller would replace: the sidecar makes way. Broken is broken."""
    rig.node_image.push({"exitOnStarts": 1000})
    tester = rig.tester(pod_management_policy=policy, sidecar_args=("--max-restarts=2",))
    details = start_test(rig, tester)
    [first] = rig.until_results(1)
    assert first["reason"] == "CrashLoop"
    rig.until_logged(UNCHANGED)
    _ask_for_retest(rig, "once more")

    again = rig.until(lambda: _of_retest(rig, "once more"), "the result of the retest")
    assert again["reason"] == "CrashLoop"
    assert again["image"] == first["image"]
    assert again["start"] > details["startTime"]
    assert rig.results() == [again, first]
    assert not is_kept(rig)
    assert len(rig.history.uids(rig.pod_name)) == 3

    rig.node_image.push()
    newest = rig.until_results(3)[0]
    assert newest["verdict"] == "passed"
    assert newest["image"] == rig.node_image.pinned
    assert not tracebacks(rig)


def test_events(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    start_test(rig, rig.tester(events=True, sidecar_args=STALLS))
    rig.until_results(1)
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged(RESUMING, uid=uid)
    rig.node_image.push()
    rig.until_results(2)

    def told() -> list[str] | None:
        seen = [event["reason"] for event in _events(rig)]
        return seen if seen and seen[-1] == "BootstrapPassed" else None

    first, *then = rig.until(told, "the event of the pass")
    assert first == "ImageUpdated"
    # The update to the next image may end the sidecar before it has told of it.
    assert [reason for reason in then if reason != "ImageUpdated"] == [
        "BootstrapStarted",
        "BootstrapFailed",
        "BootstrapResumed",
        "BootstrapStarted",
        "BootstrapPassed",
    ]
    [failed] = [event for event in _events(rig) if event["reason"] == "BootstrapFailed"]
    assert failed["type"] == "Warning"
    assert failed["message"].startswith("Stalled: ")
    assert not _event_warnings(rig)


@pytest.mark.wide
@pytest.mark.not_on("local", reason="it asks nobody for permission")
def test_events_that_are_not_granted(rig: Rig) -> None:
    """One warning of each process, however much it has to tell."""
    rig.node_image.push(BOOTSTRAPPING)
    start_test(rig, rig.tester(sidecar_args=STALLS))
    rig.until_logged(FAILED)
    rig.tell_node(bootstrapping=[])
    rig.until_logged(COMPLETED)
    rig.node_image.push()
    rig.until_results(2)
    first = rig.history.uids(rig.pod_name)[1]
    warned = [line for line in _event_warnings(rig) if line["pod"] == first]
    assert sorted(line["container"] for line in warned) == ["init", SIDECAR]
    assert not _events(rig)


def _watch_samples(rig: Rig, count: int) -> None:
    """See the sidecar look at the node so many times more: it tells what changes."""
    for number in range(count):
        seen = len(rig.logs(SIDECAR))
        check = f"round-{number}"
        rig.tell_node(checks={check: {"error": "told to fail"}})
        rig.until(lambda: any(check in line.text for line in rig.logs(SIDECAR)[seen:]), check)  # noqa: B023


def _ask_for_retest(rig: Rig, nonce: str) -> None:
    rig.patch({"spec": {"template": {"metadata": {"annotations": {RETEST_ANNOTATION: nonce}}}}})


def _of_retest(rig: Rig, nonce: str) -> Json | None:
    return next((one for one in rig.results() if one["retest"] == nonce), None)


def _events(rig: Rig) -> list[Json]:
    """Of the monitor, on the StatefulSet; oldest first."""
    found = [
        event
        for event in rig.api.list("Event", fieldSelector=f"involvedObject.name={rig.name}")
        if event["source"].get("component") == "bootstrap-monitor"
    ]
    return sorted(found, key=lambda event: int(event["metadata"]["resourceVersion"]))


def _event_warnings(rig: Rig) -> list[dict[str, str]]:
    lines = [line for line in rig.logs() if line.message.startswith("Events may not be created")]
    return [{"pod": line.uid, "container": line.container} for line in lines]
