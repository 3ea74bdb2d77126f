"""Somebody deletes the pod, a drain of its node for one: at each phase of a test, the next pod goes on."""

from __future__ import annotations

import pytest

from e2e.kit.endings import ending_by_deletion
from e2e.kit.manifests import INIT, SIDECAR
from e2e.kit.rig import Rig
from e2e.kit.underway import (
    BOOTSTRAPPING,
    COMPLETED,
    RESUMING,
    STARTING,
    UNCHANGED,
    assert_passed_once,
    attempts,
    is_kept,
    probe_name,
    probes,
    reasons,
    start_test,
    tracebacks,
)

pytestmark = pytest.mark.scripted

TERMINATED = 143
# Some seconds of work for `init`.
FILES_TO_CLEAR = 150_000
FILES_A_FOLDER = 1_000


@pytest.mark.brief
def test_while_init_probes(rig: Rig) -> None:
    rig.deploy(rig.tester())
    rig.until(lambda: rig.history.uids(probe_name(rig)), "the probe pod of init")
    first = rig.delete_pod()
    assert ending_by_deletion(rig, first, INIT).exit_code == TERMINATED
    rig.until_replaced(first)
    assert rig.template_image() == rig.node_image.floating

    rig.node_image.push()
    [result] = rig.until_results(1)
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert attempts(rig) == {"pin": 1}
    assert len(probes(rig)) >= 2
    assert not tracebacks(rig)


@pytest.mark.wide
@pytest.mark.wide
def test_while_init_clears(rig: Rig) -> None:
    """The test before is gone, and the next has not begun: what is half cleared is no test's data."""
    rig.node_image.push()
    rig.deploy(rig.tester(image_check_interval="1h"))
    rig.until_results(1)
    rig.until_logged(UNCHANGED)
    ballast = rig.node_data() / "db" / "ballast"
    for number in range(FILES_TO_CLEAR):
        if number % FILES_A_FOLDER == 0:
            folder = ballast / f"{number:06}"
            folder.mkdir(parents=True)
        (folder / f"{number}").touch()
    first = rig.pod_uid
    rig.node_image.push(BOOTSTRAPPING)
    rig.deploy(rig.tester(image_check_interval="1h"))

    # One pod pins, its successor clears.
    clearing = rig.until(lambda: _clears(rig, first), "init clearing")
    rig.api.delete("Pod", rig.pod_name, uid=clearing)
    assert ending_by_deletion(rig, clearing, INIT).exit_code == TERMINATED
    uid = rig.until_replaced(clearing)
    rig.until_logged(STARTING, uid=uid)
    assert reasons(rig, uid) == ["NoTestDetails"]
    assert not ballast.exists()
    rig.until_node_runs(uid)
    details = rig.details()
    assert details["image"] == rig.node_image.pinned
    rig.tell_node(bootstrapping=[])
    newer, _ = rig.until_results(2)
    assert newer["start"] == details["startTime"]


def _clears(rig: Rig, *known: str) -> str | None:
    entries = [line for line in rig.logs(INIT) if line.message == "Removing the node's data"]
    return next((line.uid for line in entries if line.uid not in known), None)


@pytest.mark.wide
def test_while_the_node_bootstraps(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    assert is_kept(rig)
    rig.tell_node(bootstrapping=[])
    assert_passed_once(rig, details)


@pytest.mark.wide  # the loops of test_main_loop do it
def test_after_the_verdict(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    rig.tell_node(bootstrapping=[])
    rig.until_logged(COMPLETED)
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    assert is_kept(rig)
    assert len(rig.results()) == 1
    assert_passed_once(rig, details)


@pytest.mark.wide
def test_while_the_next_image_is_probed(rig: Rig) -> None:
    """The probe pod goes with the pod that asked."""
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester(sidecar_args=("--tracked-tag=next", "--probe-timeout=10s")))
    rig.tell_node(bootstrapping=[])
    rig.until_results(1)
    of_init = set(probes(rig))
    asked = rig.until(lambda: set(probes(rig)) - of_init, "a probe pod of the sidecar")
    first = rig.delete_pod()
    assert ending_by_deletion(rig, first, SIDECAR).exit_code == TERMINATED
    uid = rig.until_replaced(first)
    rig.until_logged(RESUMING, uid=uid)
    # Before there is another sidecar, which would clear up too.
    initialised = rig.until(lambda: _initialised_at(rig, uid), "the end of init")
    assert any(state.uid in asked and state.deletion_time for state in rig.history.states()[:initialised])
    assert is_kept(rig)

    [result] = rig.results()
    assert result["start"] == details["startTime"]
    rig.node_image.push(tag="next")
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert not tracebacks(rig)


def _initialised_at(rig: Rig, uid: str) -> int | None:
    """Where, in all that was seen, the `init` of this life has ended."""
    states = enumerate(rig.history.states())
    return next((at for at, state in states if state.uid == uid and state.terminated(INIT)), None)
