"""``wait-for-completion`` when somebody edits the template while a test runs."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.template_drift import Drift
from bootstrap_monitor.errors import Terminated
from tests.support.cluster import fails
from tests.support.manifests import FLOATING, NEXT, PINNED, POD, details, pod_image, template_image
from tests.support.outcomes import ran
from tests.support.rig import BOOTSTRAPPING, HEALTHY, FakeNode, Rig, logged, messages

MINUTE = 60.0
EACH_MINUTE: JsonObject = {"image_check_interval": timedelta(minutes=1)}
NODE_EDITED: JsonObject = {
    "spec": {"template": {"spec": {"containers": [{"name": "avago", "env": [{"name": "X", "value": "1"}]}]}}}
}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    rig.put_node_data()
    rig.node = FakeNode(BOOTSTRAPPING)
    return rig


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return messages(caplog, logging.ERROR)


@pytest.mark.parametrize("edit", [NODE_EDITED, {"spec": {"template": {"spec": {"nodeSelector": {"disk": "new"}}}}}])
def test_an_edited_template_is_taken_by_deleting_the_pod(rig: Rig, edit: JsonObject) -> None:
    """The controller does not: the pod is not Ready."""
    uid = rig.cluster.pod["metadata"]["uid"]
    edited: list[JsonObject] = []
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.edit(edit))
    rig.clock.at(7 * MINUTE, lambda: edited.append(rig.cluster.set["spec"]))

    rig.watch(60 * MINUTE)

    assert [rig.cluster.set["spec"]] == edited, "no patch of the template"
    assert rig.cluster.deletions == [{"name": POD, "uid": uid, "grace": 5}]
    assert rig.attempts() == ["self-deletion"]
    assert set(rig.files().values()) == {"old"}


def test_another_image_is_taken_by_deleting_the_pod(rig: Rig) -> None:
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.set_image(NEXT))
    rig.watch(60 * MINUTE)
    assert len(rig.cluster.deletions) == 1
    rig.cluster.settle()
    assert pod_image(rig.cluster.pod) == NEXT


def test_an_edit_that_the_controller_has_not_seen_is_waited_for(rig: Rig) -> None:
    rig.clock.controller = False
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.edit(NODE_EDITED))
    rig.watch(60 * MINUTE)
    assert rig.cluster.deletions == []

    rig.clock.controller = True
    rig.watch(MINUTE)
    rig.watch(6 * MINUTE)
    assert len(rig.cluster.deletions) == 1


def test_pods_that_a_person_replaces_are_left(tmp_path: Path) -> None:
    rig = Rig(tmp_path, PINNED, strategy="OnDelete")
    rig.write_details(details())
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.edit(NODE_EDITED))
    before = rig.cluster.pod
    rig.watch(60 * MINUTE)
    assert rig.cluster.pod == before


@pytest.mark.parametrize("passed", [False, True])
def test_a_partition_above_the_pod_is_one_error_and_nothing_else(
    rig: Rig, passed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    rig.node = FakeNode(HEALTHY if passed else BOOTSTRAPPING)
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.cluster.edit({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}})
    rig.cluster.edit(NODE_EDITED)
    before = rig.cluster.set["spec"], rig.cluster.pod

    rig.watch(60 * MINUTE)

    assert errors(caplog) == [Drift.HELD_BACK.value]
    assert (rig.cluster.set["spec"], rig.cluster.pod) == before
    assert "create_pod" not in rig.cluster.calls
    assert rig.attempts() == []
    assert len(rig.results()) == passed, "the verdict comes all the same"


def test_a_partition_that_comes_again_is_told_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def partition(value: int) -> None:
        rig.cluster.edit({"spec": {"updateStrategy": {"rollingUpdate": {"partition": value}}}})

    rig.clock.at(7 * MINUTE, lambda: partition(1))
    rig.clock.at(17 * MINUTE, lambda: partition(0))
    rig.clock.at(27 * MINUTE, lambda: partition(1))
    rig.watch(60 * MINUTE)
    assert errors(caplog) == [Drift.HELD_BACK.value] * 2


def test_a_tug_of_war_is_left_after_three_pins_with_one_error(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for minute in range(1, 10):
        rig.clock.at(minute * MINUTE + 30, lambda: rig.cluster.set_image(FLOATING))
    pod = rig.cluster.pod

    rig.watch(9 * MINUTE, **EACH_MINUTE)

    assert errors(caplog) == [Drift.TUG_OF_WAR.value]
    assert rig.attempts() == ["pin"] * 3
    assert template_image(rig.cluster.set) == FLOATING
    assert rig.cluster.pod == pod


def test_the_pin_comes_back_when_the_war_is_over(rig: Rig) -> None:
    for minute in range(1, 5):
        rig.clock.at(minute * MINUTE + 30, lambda: rig.cluster.set_image(FLOATING))
    rig.watch(20 * MINUTE, **EACH_MINUTE)
    assert template_image(rig.cluster.set) == PINNED


def test_a_deletion_is_counted_before_it_is_made(rig: Rig) -> None:
    counted: list[list[str]] = []
    rig.cluster.once("delete_pod", lambda: counted.append(rig.attempts()))
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.edit(NODE_EDITED))
    rig.watch(60 * MINUTE)
    assert counted == [["self-deletion"]]


def test_a_pod_that_comes_back_the_same_is_left_after_three_deletions(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.clock.at(30, lambda: rig.cluster.edit(NODE_EDITED))
    for _ in range(3):
        with pytest.raises(Terminated):
            rig.sidecar(**EACH_MINUTE).run()
        rig.cluster.pod["metadata"].pop("deletionTimestamp")  # as a webhook would put the old one back

    rig.watch(5 * MINUTE, **EACH_MINUTE)

    assert errors(caplog) == [Drift.TUG_OF_WAR.value]
    assert len(rig.cluster.deletions) == 3


@pytest.mark.parametrize("status", [0, 401, 403, 404, 429, 500])
def test_an_api_that_is_away_is_an_error_of_that_turn(rig: Rig, status: int, caplog: pytest.LogCaptureFixture) -> None:
    rig.clock.at(7 * MINUTE, lambda: rig.cluster.always("read_stateful_set", fails(status)))
    rig.clock.at(17 * MINUTE, rig.cluster.never_mind)
    rig.clock.at(18 * MINUTE, lambda: rig.cluster.set_image(FLOATING))
    rig.watch(30 * MINUTE)
    assert len(logged(caplog, "This turn failed; trying again at the next")) == 2
    assert template_image(rig.cluster.set) == PINNED
    assert rig.node.looks >= 30, "the node is looked at meanwhile"
