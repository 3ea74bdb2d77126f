"""People edit the StatefulSet: they apply their manifest again, mend a node, ask for a restart or for a retest."""

from __future__ import annotations

import json

import pytest

from e2e.kit.api import STRATEGIC, Json
from e2e.kit.manifests import NODE, RETEST_ANNOTATION, env
from e2e.kit.rig import Rig
from e2e.kit.underway import (
    BOOTSTRAPPING,
    COMPLETED,
    NOT_READY,
    RESUMING,
    UNCHANGED,
    attempts,
    edits,
    is_kept,
    keep,
    reasons,
    restarts,
    start_test,
)

pytestmark = pytest.mark.scripted

ONLY_AT_ONCE = "1h"
"""Of image checks: one when there is something to look for. The controller is alone with the edit then."""


# The manifest is applied again: the floating tag is back


@pytest.mark.brief
def test_tag_put_back_under_a_ready_pod(rig: Rig) -> None:
    """The controller replaces the pod, and the tag is another image's by now."""
    rig.node_image.push(BOOTSTRAPPING)
    tester = rig.tester(image_check_interval=ONLY_AT_ONCE)
    details, tested = start_test(rig, tester), rig.node_image.pinned
    rig.node_image.push()
    rig.deploy(tester)

    [resumed] = rig.until_logged(RESUMING)
    assert resumed["testConfig"]["image"] == rig.template_image() == rig.pod_image() == tested
    assert reasons(rig) == ["ImageNotPinned", "NoTestDetails", "ImageNotPinned", "SameTest"]
    assert len(rig.history.uids(rig.pod_name)) == 4
    assert attempts(rig) == {"pin": 2}
    assert is_kept(rig)

    rig.until_node_runs()
    rig.tell_node(bootstrapping=[])
    result = rig.until_results(1)[-1]
    assert result["image"] == tested
    assert result["start"] == details["startTime"]


@pytest.mark.wide
def test_tag_put_back_under_a_pod_that_is_not_ready(rig: Rig) -> None:
    """No controller replaces it: the pin is put back around the running node."""
    rig.node_image.push({**BOOTSTRAPPING, **NOT_READY})
    tester = rig.tester()
    details, tested, uid = start_test(rig, tester), rig.node_image.pinned, rig.pod_uid
    rig.node_image.push()
    rig.deploy(tester)

    rig.until(lambda: attempts(rig) == {"pin": 2}, "the pin put back")
    assert rig.template_image() == tested
    rig.tell_node(bootstrapping=[])
    result = rig.until_results(1)[-1]
    assert result["image"] == tested
    assert result["start"] == details["startTime"]

    # Then the tag's image has its turn, on a cleared volume.
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.node_image.pinned
    assert not is_kept(rig)
    # All of the first test was in one life of the pod, without a restart.
    [_, of_first, _] = rig.history.uids(rig.pod_name)
    assert of_first == uid
    assert restarts(rig, uid) == 0
    assert attempts(rig) == {"pin": 2}


@pytest.mark.wide
def test_tag_put_back_after_the_verdict(rig: Rig) -> None:
    rig.node_image.push()
    tester = rig.tester(image_check_interval=ONLY_AT_ONCE)
    rig.deploy(tester)
    [result] = rig.until_results(1)
    rig.until_logged(UNCHANGED)
    keep(rig)
    rig.deploy(tester)

    rig.until_logged(RESUMING)
    rig.until_logged(UNCHANGED, uid=rig.pod_uid)
    assert rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert reasons(rig) == ["ImageNotPinned", "NoTestDetails", "ImageNotPinned", "SameTest"]
    assert len(rig.history.uids(rig.pod_name)) == 4
    assert is_kept(rig)
    assert rig.results() == [result]
    assert len(rig.logged(COMPLETED)) == 1


# The template is edited under a pod that is not Ready: no controller replaces it


@pytest.mark.parametrize(
    "applied", [False, pytest.param(True, marks=pytest.mark.wide)], ids=["edited", "manifest-applied-again"]
)
def test_node_mended_in_a_crash_loop(rig: Rig, applied: bool) -> None:
    rig.node_image.push({"exit": 1})
    details = start_test(rig, rig.tester())
    rig.until(lambda: _waits(rig) == "CrashLoopBackOff", "the node in a crash loop")
    generation = edits(rig)
    mended = {"SCRIPTED_NODE": json.dumps({"exit": None}), "AVAGO_LOG_LEVEL": "debug"}
    if applied:
        rig.deploy(rig.tester(node_env=mended))
    else:
        containers = [{"name": NODE, "env": env(mended)}]
        rig.patch({"spec": {"template": {"spec": {"containers": containers}}}}, STRATEGIC)

    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert result["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert result["start"] == details["startTime"]
    assert rig.details() == details
    assert is_kept(rig)
    assert reasons(rig) == ["ImageNotPinned", "NoTestDetails", *(["ImageNotPinned"] if applied else []), "SameTest"]
    # The sidecar made way and wrote nothing; the tag is pinned by `init`, where it was put back.
    assert attempts(rig) == {"pin": 1 + applied, "self-deletion": 1}
    assert edits(rig) == generation + 1 + applied
    assert len(rig.history.uids(rig.pod_name)) == 3 + applied


@pytest.mark.wide
def test_restart_asked_for_under_a_pod_that_is_not_ready(rig: Rig) -> None:
    """As `kubectl rollout restart` asks."""
    rig.node_image.push({**BOOTSTRAPPING, **NOT_READY})
    details, uid, generation = start_test(rig, rig.tester()), rig.pod_uid, edits(rig)
    _annotate_template(rig, "kubectl.kubernetes.io/restartedAt", "2026-01-02T03:04:05Z")

    uid = rig.until_replaced(uid)
    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    rig.tell_node(bootstrapping=[])
    [result] = rig.until_results(1)
    assert result["start"] == details["startTime"]
    assert rig.details() == details
    assert is_kept(rig)
    assert attempts(rig) == {"pin": 1, "self-deletion": 1}
    assert edits(rig) == generation + 1
    assert len(rig.history.uids(rig.pod_name)) == 3


# A retest is asked for


@pytest.mark.parametrize("behaviour", [{}, pytest.param(NOT_READY, marks=pytest.mark.wide)], ids=["ready", "not-ready"])
def test_retest(rig: Rig, behaviour: Json) -> None:
    rig.node_image.push(behaviour)
    rig.deploy(rig.tester())
    [first] = rig.until_results(1)
    assert not first["retest"]
    keep(rig)
    _annotate_template(rig, RETEST_ANNOTATION, "once more")

    second, older = rig.until_results(2)
    assert older == first
    assert second["retest"] == "once more"
    assert second["verdict"] == "passed"
    assert second["start"] > first["end"]
    assert [second[same] for same in ("image", "fingerprint")] == [first[same] for same in ("image", "fingerprint")]
    assert not is_kept(rig)
    assert reasons(rig) == ["ImageNotPinned", "NoTestDetails", "RetestChanged"]

    # It was asked for once.
    rig.until_logged(UNCHANGED, uid=rig.pod_uid)
    assert rig.results() == [second, first]
    assert len(rig.history.uids(rig.pod_name)) == 3


def _annotate_template(rig: Rig, key: str, value: str) -> None:
    rig.patch({"spec": {"template": {"metadata": {"annotations": {key: value}}}}})


def _waits(rig: Rig) -> str | None:
    """Why the node's container waits; ``None`` while it does not."""
    [status] = [one for one in rig.pod()["status"]["containerStatuses"] if one["name"] == NODE]
    reason: str | None = status["state"].get("waiting", {}).get("reason")
    return reason
