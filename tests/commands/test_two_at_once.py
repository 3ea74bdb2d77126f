"""Two pods of one StatefulSet at once, as after a forced deletion: the older harms neither the newer nor its result."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode, MonitorError, Terminated
from bootstrap_monitor.steps.rollout import LeaveTimeout
from tests.support.manifests import FLOATING, NEXT, POD, PROBE, template_image
from tests.support.outcomes import ran, waits
from tests.support.rig import BOOTSTRAPPING, FakeNode, Rig, messages, terminate

MINUTE = 60.0


def force_delete(rig: Rig) -> JsonObject:
    """The pod's object is gone and made anew; its containers run on, on a Kubernetes node that nobody can reach."""
    rig.clock.kubelet = False
    rig.cluster.remove(POD)
    rig.cluster.settle()
    return rig.cluster.pod


def test_the_older_sidecar_does_not_delete_the_newer_pod(rig: Rig) -> None:
    rig.cluster.images[FLOATING] = ran(NEXT)
    old = rig.sidecar()
    new = force_delete(rig)

    with pytest.raises(LeaveTimeout) as caught:
        old.run()

    assert caught.value.exit_code is ExitCode.TRY_AGAIN
    assert rig.cluster.pod == new
    assert POD not in [deletion["name"] for deletion in rig.cluster.deletions]
    assert len(rig.results()) == 1

    rig.clock.kubelet = True
    rig.clock.follow()
    rig.watch(MINUTE)
    assert rig.cluster.deletions[-1]["uid"] == new["metadata"]["uid"], "it goes by itself: its template is edited"
    assert len(rig.results()) == 1, "the newer one finds it"


def test_the_older_sidecar_does_not_take_the_newer_pod_s_state_for_its_own(rig: Rig) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    old = rig.sidecar()
    force_delete(rig)["status"]["containerStatuses"] = [{"name": "avago", "restartCount": 99, "state": {}}]
    rig.clock.at(20 * MINUTE, terminate)
    with pytest.raises(Terminated):
        old.run()
    assert rig.results() == []


def test_both_pass_at_once(rig: Rig) -> None:
    """Whoever writes second, writes on what the first wrote."""

    def the_newer_is_faster() -> None:
        rig.clock.follow()
        rig.cluster.never_mind()
        newer = rig.sidecar()
        while newer.watch.verdict is None:
            newer.watch.look()

    older = rig.sidecar()
    rig.cluster.once("patch_stateful_set", the_newer_is_faster)
    rig.clock.at(3 * MINUTE, terminate)
    with pytest.raises(Terminated):
        older.run()

    assert rig.cluster.calls.count("patch_stateful_set") == 3, "one conflict"
    assert [result["verdict"] for result in rig.results()] == ["passed"]


@pytest.mark.parametrize("is_made_anew", [True, False])
def test_init_whose_pod_is_gone_while_it_probes(is_made_anew: bool, tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.clock.kubelet = False
    rig.cluster.images[FLOATING] = waits({})
    rig.clock.at(10, lambda: force_delete(rig) if is_made_anew else rig.cluster.remove(POD))  # type: ignore[arg-type]

    with pytest.raises(MonitorError) as caught:
        rig.init().run()

    assert caught.value.exit_code is ExitCode.TRY_AGAIN
    assert (caught.value.reason, rig.cluster.deletions) == ("ProbeDeleted", []), "with its owner"
    assert template_image(rig.cluster.set) == FLOATING
    assert list(rig.cluster.pods) == ([POD] if is_made_anew else [])


def test_a_sidecar_whose_own_pod_is_not_found_goes_on(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.clock.kubelet = False
    rig.clock.at(MINUTE, lambda: rig.cluster.remove(POD))
    rig.watch(60 * MINUTE)
    assert rig.node.looks == 61
    assert messages(caplog, logging.ERROR) == []


@pytest.mark.parametrize("seconds", [1, 30, 301, 599])
def test_a_probe_pod_that_somebody_deletes_is_made_anew_at_the_next_check(rig: Rig, seconds: float) -> None:
    rig.watch(3 * MINUTE)
    rig.cluster.images[FLOATING] = waits({})

    def somebody() -> None:
        rig.cluster.remove(PROBE)
        rig.cluster.images[FLOATING] = ran(NEXT)

    rig.clock.at(seconds, somebody)
    rig.watch(20 * MINUTE)

    assert template_image(rig.cluster.set) == NEXT
    assert rig.cluster.calls.count("create_pod") >= 3
