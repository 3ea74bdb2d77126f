"""Where several reasons apply, the first of the chain wins; and a pod that cannot be tested makes way for an edit."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from bootstrap_monitor.core.details import DetailsFile, MalformedDetails, NewerDetails, UnreadableDetails
from bootstrap_monitor.core.init_acts import DeleteOwnPod, Pin, Stop
from bootstrap_monitor.core.init_decision import decide
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode
from tests.core import pods
from tests.support.objects import (
    FLOATING,
    PIN,
    PINNED,
    SELF_DELETION,
    details_of,
    init_world,
    minutes,
    node_of,
    partition,
    pod_from,
    stateful_set,
    template,
    tried,
)

REASONS = [
    "PodTerminating",
    "NotTheFirstPod",
    "TagNotTracked",
    "TestDetailsIOError",
    "NetworkMissing",
    "PodBehindTemplate",
    "PinReverted",
    "ImageNotPinned",
]


def world_with(reasons: list[str]) -> InitWorld:
    """A world in which all of these apply, and no other one before them."""
    own = pod_from(template(FLOATING), ordinal=1 if "NotTheFirstPod" in reasons else 0)
    if "PodTerminating" in reasons:
        own["metadata"]["deletionTimestamp"] = "2024-05-08T12:00:00Z"
    if "NetworkMissing" in reasons:
        node_of(own)["env"] = []
    file = UnreadableDetails("EIO") if "TestDetailsIOError" in reasons else None
    pins = tried(PIN, *minutes(1, 2, 3)) if "PinReverted" in reasons else {}
    stateful = stateful_set(template(PINNED if "PodBehindTemplate" in reasons else FLOATING), annotations=pins)
    return init_world(own, stateful, file, option="v1" if "TagNotTracked" in reasons else None)


@pytest.mark.parametrize(("first", "second"), list(combinations(REASONS, 2)))
def test_the_first_of_two_wins(first: str, second: str) -> None:
    assert decide(world_with([first, second])).reason == first


@pytest.mark.parametrize("first", range(len(REASONS)))
def test_the_first_of_all_that_follow_wins(first: int) -> None:
    assert decide(world_with(REASONS[first:])).reason == REASONS[first]


@pytest.mark.parametrize("file", [MalformedDetails("empty"), NewerDetails(2), UnreadableDetails("EIO")])
def test_a_file_that_cannot_be_read_stops_before_anything_is_pinned(file: DetailsFile) -> None:
    act = decide(init_world(pod_from(template(FLOATING)), stateful_set(template(FLOATING)), file)).act

    assert isinstance(act, Pin if isinstance(file, MalformedDetails) else Stop)


def unreadable_network() -> JsonObject:
    pod = pod_from(template())
    node_of(pod)["env"] = pods.env(AVAGO_NETWORK_ID={"configMapKeyRef": {"name": "c", "key": "k"}})
    return pod


def renamed_node() -> JsonObject:
    pod = pod_from(template())
    node_of(pod)["name"] = "renamed"
    return pod


UNTESTABLE = {
    "NetworkUnreadable": init_world(unreadable_network()),
    "NoNodeContainer": init_world(renamed_node()),
    "BadImageReference": init_world(pod_from(template("Bad Image"))),
    "TagNotTracked": init_world(pod_from(template(FLOATING)), option="v1"),
}


def with_stateful_set(world: InitWorld, **edits: Any) -> InitWorld:
    return replace(world, stateful_set=stateful_set(template(FLOATING), **edits))


@pytest.mark.parametrize("world", list(UNTESTABLE.values()), ids=UNTESTABLE)
def test_another_pod_than_the_first_never_makes_way(world: InitWorld) -> None:
    second = replace(world, pod=world.pod | {"metadata": world.pod["metadata"] | {"name": "rig-1"}})

    assert decide(with_stateful_set(second, revision="rig-2")).reason == "NotTheFirstPod"


@pytest.mark.parametrize(("reason", "world"), list(UNTESTABLE.items()))
def test_a_pod_that_cannot_be_tested_stops(reason: str, world: InitWorld) -> None:
    decision = decide(with_stateful_set(world))

    assert decision.reason == reason
    assert isinstance(decision.act, Stop)
    assert decision.act.exit_code is ExitCode.CONFIGURATION


@pytest.mark.parametrize("world", list(UNTESTABLE.values()), ids=UNTESTABLE)
def test_it_makes_way_for_an_edited_template(world: InitWorld) -> None:
    decision = decide(with_stateful_set(world, revision="rig-2"))

    assert decision.reason == "PodBehindTemplate"
    assert "edited" in decision.message
    assert decision.act == DeleteOwnPod()


@pytest.mark.parametrize(("reason", "world"), list(UNTESTABLE.items()))
def test_it_stays_where_the_edit_cannot_reach_it(reason: str, world: InitWorld) -> None:
    held = with_stateful_set(world, revision="rig-2", strategy=partition(1))
    unseen = with_stateful_set(world, revision="rig-2", observed=False)

    assert decide(held).reason == decide(unseen).reason == reason


@pytest.mark.parametrize("world", list(UNTESTABLE.values()), ids=UNTESTABLE)
def test_making_way_is_counted(world: InitWorld) -> None:
    thrice = tried(SELF_DELETION, *minutes(1, 2, 3))

    decision = decide(with_stateful_set(world, revision="rig-2", annotations=thrice))

    assert decision.reason == "PodBehindTemplate"
    assert isinstance(decision.act, Stop)


def test_an_edited_template_does_not_end_a_test_that_can_run() -> None:
    own = pod_from(template())

    assert decide(init_world(own, stateful_set(revision="rig-2"), details_of(own))).reason == "SameTest"


def test_an_unpinned_pod_makes_way_for_a_template_with_another_container() -> None:
    edited = template(FLOATING)
    node_of(edited)["name"] = "renamed"

    decision = decide(init_world(pod_from(template(FLOATING)), stateful_set(edited, revision="rig-2")))

    assert decision.reason == "PodBehindTemplate"
    assert "`avago`" in decision.message
    assert decision.act == DeleteOwnPod()


def test_an_unpinned_pod_makes_way_for_a_template_with_another_tag_than_its_option() -> None:
    """The edited template has an option of its own, which this pod does not know."""
    edited = template(FLOATING.replace("latest", "v1"))

    decision = decide(init_world(pod_from(template(FLOATING)), stateful_set(edited), option="latest"))

    assert decision.reason == "PodBehindTemplate"
    assert ":v1" in decision.message
    assert decision.act == DeleteOwnPod()
