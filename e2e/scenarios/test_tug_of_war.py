"""Somebody works against the monitor: puts the tag back each time, or keeps pods on their old template."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from e2e.kit import manifests
from e2e.kit.api import Api, Json
from e2e.kit.endings import until_ended
from e2e.kit.manifests import INIT, NODE, SIDECAR
from e2e.kit.rig import Rig
from e2e.kit.underway import BOOTSTRAPPING, NOT_READY, attempts, edits, errors, is_kept, probes, start_test

pytestmark = pytest.mark.scripted

CONFIGURATION = 78
HEAL_SECONDS = 0.05
HEALS_AT_MOST = 12


def test_pin_reverted_each_time(rig: Rig) -> None:
    """The pod is Ready: the controller replaces it each time."""
    rig.node_image.push(BOOTSTRAPPING)
    tester = rig.tester()
    details = start_test(rig, tester)
    with _self_heal(rig, tester) as healed:
        # A restart of the container does not pin again either.
        ended = until_ended(rig, INIT, CONFIGURATION, count=2)
    for one in ended:
        assert one["message"].startswith("PinReverted: ")
        assert "GitOps" in one["message"]
    assert healed == [rig.node_image.pinned] * 3
    assert attempts(rig) == {"pin": 3}
    assert rig.template_image() == tester.node_image
    assert errors(rig, INIT, "PinReverted: ")
    assert {entry["reason"] for entry in rig.logged("Decided", uid=rig.pod_uid)} == {"PinReverted"}
    assert rig.details() == details
    assert is_kept(rig)


@pytest.mark.wide
def test_pin_reverted_under_a_pod_that_is_not_ready(rig: Rig) -> None:
    """No controller replaces it: the sidecar pins in place, until that is enough; the test goes on to its verdict."""
    rig.node_image.push({**BOOTSTRAPPING, **NOT_READY})
    tester = rig.tester()
    details = start_test(rig, tester)
    uid = rig.pod_uid
    with _self_heal(rig, tester) as healed:
        rig.until(lambda: errors(rig, SIDECAR, "reverts it each time"), "the sidecar giving up")
        rig.tell_node(bootstrapping=[])
        [result] = rig.until_results(1)
    assert result["image"] == rig.node_image.pinned
    assert result["start"] == details["startTime"]
    assert healed == [rig.node_image.pinned] * 3
    assert attempts(rig) == {"pin": 3}
    assert len(errors(rig, SIDECAR, "reverts it each time")) == 1
    assert rig.pod_uid == uid
    assert rig.template_image() == tester.node_image


@pytest.mark.wide
def test_partition_from_the_start(rig: Rig) -> None:
    rig.node_image.push()
    rig.deploy(rig.tester(update_strategy=_partition(1)))
    for one in until_ended(rig, INIT, CONFIGURATION, count=2):
        assert one["message"].startswith("PodBehindTemplate: ")
        assert "rollingUpdate.partition" in one["message"]
    assert rig.template_image() == rig.node_image.floating
    assert rig.history.uids(rig.pod_name) == [rig.pod_uid]

    # Mended: the next restart of the container pins.
    rig.patch({"spec": {"updateStrategy": _partition(0)}})
    [result] = rig.until_results(1)
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert len(rig.history.uids(rig.pod_name)) == 2


@pytest.mark.wide
def test_partition_in_the_midst_of_a_test(rig: Rig) -> None:
    first = rig.node_image.push(BOOTSTRAPPING)
    start_test(rig, rig.tester())
    edited, probed = edits(rig), probes(rig)
    rig.patch({"spec": {"updateStrategy": _partition(1)}})
    rig.until(lambda: errors(rig, SIDECAR, "partition is above"), "the sidecar telling of the partition")
    rig.node_image.push()

    # The verdict comes after samples as frequent as looks at the template; then the next image would be taken.
    rig.tell_node(bootstrapping=[])
    [result] = rig.until_results(1)
    assert first in result["image"]
    assert len(errors(rig, SIDECAR, "partition is above")) == 1
    # Another process of the sidecar, with a verdict from its start, does not take it either.
    rig.kill(SIDECAR)
    rig.until(lambda: len(errors(rig, SIDECAR, "partition is above")) == 2, "the restarted sidecar telling it")
    assert edits(rig) == edited + 1
    assert probes(rig) == probed
    assert len(rig.history.uids(rig.pod_name)) == 2

    rig.patch({"spec": {"updateStrategy": _partition(0)}})
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert edits(rig) == edited + 3
    assert len(rig.history.uids(rig.pod_name)) == 3


@contextmanager
def _self_heal(rig: Rig, tester: manifests.Tester) -> Iterator[list[str]]:
    """Applies the manifest whenever the template has another image, as GitOps tools do; the images that it found."""
    found: list[str] = []
    stop = threading.Event()

    def heal() -> None:
        with closing(Api(rig.cluster.kubeconfig, rig.namespace)) as api:
            while not stop.wait(HEAL_SECONDS) and len(found) < HEALS_AT_MOST:
                image = _node_image(api.get("StatefulSet", tester.name))
                if image != tester.node_image:
                    api.apply(tester.stateful_set())
                    found.append(image)

    thread = threading.Thread(target=heal, name=f"self-heal of {rig.namespace}", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def _node_image(stateful_set: Json) -> str:
    containers = stateful_set["spec"]["template"]["spec"]["containers"]
    return next(str(one["image"]) for one in containers if one["name"] == NODE)


def _partition(number: int) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}
