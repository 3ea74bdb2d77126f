"""What people do to the whole StatefulSet: to none and back, away and made anew, restarted, two side by side."""

from __future__ import annotations

import subprocess

import pytest

from e2e.conftest import MakeRig
from e2e.kit.manifests import SIDECAR
from e2e.kit.rig import Rig
from e2e.kit.underway import (
    BOOTSTRAPPING,
    COMPLETED,
    RESUMING,
    STARTING,
    UNCHANGED,
    UNHEALTHY,
    assert_passed_once,
    attempts,
    is_kept,
    reasons,
    start_test,
    tracebacks,
)

pytestmark = pytest.mark.scripted


def test_scaled_to_zero_and_back_in_mid_test(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    uid = _scale_to_zero(rig)
    assert rig.results() == []
    rig.patch({"spec": {"replicas": 1}})
    uid = rig.until_replaced(uid)
    rig.until_logged(RESUMING, uid=uid)
    rig.until_logged(UNHEALTHY, SIDECAR, uid=uid)
    rig.until_node_runs(uid)
    assert is_kept(rig)
    assert rig.details() == details
    assert rig.results() == []
    rig.tell_node(bootstrapping=[])
    assert_passed_once(rig, details)


@pytest.mark.wide
def test_scaled_to_zero_and_back_after_the_verdict(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    rig.tell_node(bootstrapping=[])
    rig.until_logged(COMPLETED)
    uid = _scale_to_zero(rig)
    rig.patch({"spec": {"replicas": 1}})
    uid = rig.until_replaced(uid)
    rig.until_logged(UNCHANGED, uid=uid)
    assert is_kept(rig)
    assert_passed_once(rig, details)


@pytest.mark.wide
def test_made_anew_with_its_volume_in_mid_test(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    tester = rig.tester()
    details = start_test(rig, tester)
    uid = _delete_stateful_set(rig)
    # The tag is another image's by now: the test on the volume goes on all the same.
    tested = rig.node_image.pinned
    rig.node_image.push()
    rig.deploy(tester)

    rig.until_logged(RESUMING)
    assert rig.until_replaced(uid)
    assert rig.template_image() == rig.pod_image() == tested
    assert reasons(rig)[-2:] == ["ImageNotPinned", "SameTest"]
    assert is_kept(rig)
    rig.until_node_runs()
    rig.tell_node(bootstrapping=[])
    result = rig.until_results(1)[-1]
    assert result["image"] == tested
    assert result["start"] == details["startTime"]
    newer, _ = rig.until_results(2)
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert not tracebacks(rig)


@pytest.mark.wide
def test_made_anew_with_its_volume_after_the_verdict(rig: Rig) -> None:
    """The results went with the StatefulSet: the same test, on the same data, gets the same verdict once more."""
    rig.node_image.push(BOOTSTRAPPING)
    tester = rig.tester()
    details = start_test(rig, tester)
    rig.tell_node(bootstrapping=[])
    [first] = rig.until_results(1)
    rig.until_logged(COMPLETED)
    _delete_stateful_set(rig)
    rig.deploy(tester)

    rig.until_logged(RESUMING)
    rig.until_node_runs()
    assert is_kept(rig)
    assert rig.results() == []
    rig.tell_node(bootstrapping=[])
    [again] = rig.until_results(1)
    assert again["start"] == first["start"] == details["startTime"]
    assert again["fingerprint"] == first["fingerprint"]
    assert again["end"] > first["end"]
    rig.until_logged(COMPLETED, count=2)


@pytest.mark.wide
def test_restarted_by_kubectl_in_mid_test(rig: Rig) -> None:
    """The pod is Ready: the controller replaces it. The other case is test_edits'."""
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    rig.until_node_runs()
    uid = rig.pod_uid
    command = [str(rig.cluster.kubectl), f"--kubeconfig={rig.cluster.kubeconfig}", f"--namespace={rig.namespace}"]
    subprocess.run([*command, "rollout", "restart", f"statefulset/{rig.name}"], check=True, capture_output=True)

    uid = rig.until_replaced(uid)
    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    assert is_kept(rig)
    assert reasons(rig, uid) == ["SameTest"]
    rig.tell_node(bootstrapping=[])
    assert_passed_once(rig, details)


@pytest.mark.brief
@pytest.mark.parametrize("pinned", [False, pytest.param(True, marks=pytest.mark.wide)], ids=["tag", "digest"])
def test_image_edited_by_hand(rig: Rig, pinned: bool) -> None:
    """Somebody means another image: a new test of it, on a cleared volume; a tag is followed from now on."""
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester(image_check_interval="1h"))
    other = rig.node_image.push(tag="other")
    image = rig.node_image.pinned if pinned else f"{rig.node_image.repository}:other"
    containers = rig.stateful_set()["spec"]["template"]["spec"]["containers"]
    [node] = [one for one in containers if one["image"] == details["image"]]
    node["image"] = image
    rig.patch({"spec": {"template": {"spec": {"containers": containers}}}})

    [result] = rig.until_results(1)
    assert other in result["image"]
    assert result["image"] == rig.template_image() == rig.pod_image()
    assert result["start"] == rig.details()["startTime"] > details["startTime"]
    assert not is_kept(rig)
    assert rig.details()["trackedTag"] == ("latest" if pinned else "other")
    assert attempts(rig) == {"pin": 1 if pinned else 2}
    assert len(rig.logged(STARTING)) == 2
    assert not tracebacks(rig)


def test_two_in_one_namespace(make_rig: MakeRig) -> None:
    """Each with an image of its own; neither reads or touches what is the other's."""
    rig = make_rig()
    other = make_rig(beside=rig)
    rig.node_image.push(BOOTSTRAPPING)
    other.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    others = start_test(other, other.tester(name="tester-2"))
    assert rig.details() == details

    rig.tell_node(bootstrapping=[])
    [result] = rig.until_results(1)
    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert other.results() == []
    assert other.details() == others
    assert is_kept(other)
    assert len(other.history.uids(other.pod_name)) == 2

    other.tell_node(bootstrapping=[])
    [others_result] = other.until_results(1)
    assert others_result["image"] == others["image"]
    assert others_result["pod"] == other.pod_name == "tester-2-0"
    assert rig.results() == [newer, older]


def _scale_to_zero(rig: Rig) -> str:
    """The uid of the pod that went."""
    uid = rig.pod_uid
    rig.patch({"spec": {"replicas": 0}})
    rig.until(lambda: rig.api.find("Pod", rig.pod_name) is None, "no pod")
    return uid


def _delete_stateful_set(rig: Rig) -> str:
    """The uid of the pod that went with it; the claim stays."""
    uid = rig.pod_uid
    rig.api.delete("StatefulSet", rig.name)
    rig.until(lambda: rig.api.find("Pod", rig.pod_name) is None, "no pod")
    assert rig.api.find("StatefulSet", rig.name) is None
    return uid
