"""A changed template: which pods are replaced, by policy, strategy and state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.local.controllers.rig import NAMESPACE, NEW, OLD, Rig, is_terminating, stateful_set


def never_ready(rig: Rig) -> None:
    rig.set_pod("rig-0", "Running")


def unscheduled(rig: Rig) -> None:
    assert rig.pods()["rig-0"]["status"]["phase"] == "Pending"


def image_pull_back_off(rig: Rig) -> None:
    waiting = {"name": "node", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    rig.set_pod("rig-0", "Pending", containerStatuses=[waiting])


def crash_loop(rig: Rig) -> None:
    waiting = {"name": "node", "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    rig.set_pod("rig-0", "Running", containerStatuses=[waiting])


def ready(rig: Rig) -> None:
    rig.ready("rig-0")


def terminating(rig: Rig) -> None:
    rig.ready("rig-0")
    rig.terminate("rig-0")


def failed(rig: Rig) -> None:
    rig.set_pod("rig-0", "Failed", reason="Evicted")


def succeeded(rig: Rig) -> None:
    rig.set_pod("rig-0", "Succeeded")


KEPT, DELETED, REPLACED = "kept", "deleted", "replaced"


@pytest.mark.parametrize(
    ("policy", "state", "then"),
    [
        # A pod that is on no node goes without a grace, hence is replaced in the same moment.
        ("OrderedReady", unscheduled, KEPT),
        ("OrderedReady", never_ready, KEPT),
        ("OrderedReady", image_pull_back_off, KEPT),
        ("OrderedReady", crash_loop, KEPT),
        ("OrderedReady", ready, DELETED),
        ("OrderedReady", terminating, DELETED),
        ("Parallel", unscheduled, REPLACED),
        ("Parallel", never_ready, DELETED),
        ("Parallel", image_pull_back_off, DELETED),
        ("Parallel", crash_loop, DELETED),
        ("Parallel", ready, DELETED),
        ("Parallel", terminating, DELETED),
    ],
)
def test_a_template_patch_by_policy_and_state(rig: Rig, policy: str, state: Callable[[Rig], None], then: str) -> None:
    rig.apply(stateful_set(podManagementPolicy=policy))
    state(rig)
    before = rig.pods()["rig-0"]
    rig.set_image(NEW)
    pod = rig.pods()["rig-0"]
    assert (pod["metadata"]["uid"] != before["metadata"]["uid"]) == (then == REPLACED)
    assert is_terminating(pod) == (then == DELETED)
    # Whatever it did by itself: after a DELETE the new template is there.
    rig.gone("rig-0")
    assert rig.images() == {"rig-0": NEW}


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
@pytest.mark.parametrize("state", [failed, succeeded])
def test_a_finished_pod_is_made_anew_with_the_new_revision(rig: Rig, policy: str, state: Callable[[Rig], None]) -> None:
    rig.apply(stateful_set(podManagementPolicy=policy))
    rig.set_pod("rig-0", "Running")
    before = rig.pods()["rig-0"]["metadata"]["uid"]
    rig.api.patch(
        "StatefulSet",
        "rig",
        {"spec": {"template": {"spec": {"containers": [{"name": "node", "image": NEW}]}}}},
        "application/merge-patch+json",
        NAMESPACE,
    )
    state(rig)
    pod = rig.pods()["rig-0"]
    assert pod["metadata"]["uid"] != before
    assert pod["spec"]["containers"][0]["image"] == NEW
    assert rig.events("SuccessfulDelete") == {"delete Pod rig-0 in StatefulSet rig successful"}


def test_a_rolling_update_begins_at_the_top_and_waits_for_each(rig: Rig) -> None:
    rig.apply(stateful_set(replicas=2))
    rig.ready("rig-0", "rig-1")
    old = rig.status()["currentRevision"]
    rig.set_image(NEW)
    assert not is_terminating(rig.pods()["rig-0"])
    rig.gone("rig-1")
    assert rig.images() == {"rig-0": OLD, "rig-1": NEW}
    assert not is_terminating(rig.pods()["rig-0"])
    rig.ready("rig-1")
    assert is_terminating(rig.pods()["rig-0"])
    assert rig.status()["currentRevision"] == old
    rig.gone("rig-0")
    rig.ready("rig-0")
    status = rig.status()
    assert rig.images() == {"rig-0": NEW, "rig-1": NEW}
    assert status["currentRevision"] == status["updateRevision"] != old
    assert (status["observedGeneration"], status["currentReplicas"], status["updatedReplicas"]) == (2, 2, 2)


def test_a_pod_under_the_partition_comes_back_old(rig: Rig) -> None:
    rig.apply(stateful_set(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}))
    rig.ready("rig-0")
    rig.set_image(NEW)
    for _ in range(3):
        assert not is_terminating(rig.pods()["rig-0"])
        rig.gone("rig-0")
        assert rig.images() == {"rig-0": OLD}
        rig.ready("rig-0")
    status = rig.status()
    assert status["currentRevision"] != status["updateRevision"]
    assert "updatedReplicas" not in status
    rig.patch({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    rig.gone("rig-0")
    assert rig.images() == {"rig-0": NEW}


def test_on_delete_renews_a_pod_when_somebody_deletes_it(rig: Rig) -> None:
    rig.apply(stateful_set(updateStrategy={"type": "OnDelete"}))
    rig.ready("rig-0")
    old = rig.status()["currentRevision"]
    rig.set_image(NEW)
    assert not is_terminating(rig.pods()["rig-0"])
    rig.gone("rig-0")
    rig.ready("rig-0")
    assert rig.images() == {"rig-0": NEW}
    assert rig.status()["currentRevision"] == old != rig.status()["updateRevision"]
    assert rig.status()["updatedReplicas"] == 1
