"""Every reason of ``init`` with its act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.attempts import AttemptKind
from bootstrap_monitor.core.details import MalformedDetails, NewerDetails, UnreadableDetails
from bootstrap_monitor.core.init_acts import DeleteOwnPod, Pin, Resume, StartTest, Stop, WaitForTermination
from bootstrap_monitor.core.init_decision import decide
from bootstrap_monitor.core.init_world import InitWorld
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError, ExitCode
from tests.core import pods
from tests.support.objects import (
    FLOATING,
    NOW,
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

UNPINNED = template(FLOATING)


def own(image: str = PINNED, *, ordinal: int = 0, network: str = "fuji", retest: str = "") -> JsonObject:
    pod = pod_from(template(image), ordinal=ordinal)
    node_of(pod)["env"] = pods.env(AVAGO_NETWORK_ID=network)
    if retest:
        pod["metadata"]["annotations"][names.RETEST_ANNOTATION] = retest
    return pod


def terminating() -> JsonObject:
    pod = own()
    pod["metadata"]["deletionTimestamp"] = "2024-05-08T12:00:00Z"
    return pod


ROWS: dict[str, tuple[InitWorld, str, type, ExitCode | None]] = {
    "terminating": (init_world(terminating()), "PodTerminating", WaitForTermination, None),
    "second pod": (init_world(own(ordinal=1)), "NotTheFirstPod", Stop, ExitCode.CONFIGURATION),
    "another tag": (
        init_world(own(FLOATING), stateful_set(UNPINNED), option="v1"),
        "TagNotTracked",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "unreadable": (init_world(own(), file=UnreadableDetails("EIO")), "TestDetailsIOError", Stop, ExitCode.TRY_AGAIN),
    "newer": (init_world(own(), file=NewerDetails(2)), "TestDetailsNewerSchema", Stop, ExitCode.CONFIGURATION),
    "bad configuration": (init_world(own(network="")), "NetworkMissing", Stop, ExitCode.CONFIGURATION),
    "no such container": (init_world(own(), container="node"), "NoNodeContainer", Stop, ExitCode.CONFIGURATION),
    "bad image": (init_world(own("Bad Image")), "BadImageReference", Stop, ExitCode.CONFIGURATION),
    "template is pinned": (init_world(own(FLOATING)), "PodBehindTemplate", DeleteOwnPod, None),
    "template is pinned, partition": (
        init_world(own(FLOATING), stateful_set(strategy=partition(1))),
        "PodBehindTemplate",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "template is pinned, replaced too often": (
        init_world(own(FLOATING), stateful_set(annotations=tried(SELF_DELETION, *minutes(1, 2, 3)))),
        "PodBehindTemplate",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "nothing is pinned, partition": (
        init_world(own(FLOATING), stateful_set(UNPINNED, strategy=partition(1))),
        "PodBehindTemplate",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "pinned too often": (
        init_world(own(FLOATING), stateful_set(UNPINNED, annotations=tried(PIN, *minutes(1, 2, 3)))),
        "PinReverted",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "pinned too often, in a test": (
        init_world(
            own(FLOATING), stateful_set(UNPINNED, annotations=tried(PIN, *minutes(1, 2, 3))), details_of(own(PINNED))
        ),
        "PinReverted",
        Stop,
        ExitCode.CONFIGURATION,
    ),
    "nothing is pinned": (init_world(own(FLOATING), stateful_set(UNPINNED)), "ImageNotPinned", Pin, None),
    "no details": (init_world(own()), "NoTestDetails", StartTest, None),
    "malformed details": (init_world(own(), file=MalformedDetails("empty")), "TestDetailsMalformed", StartTest, None),
    "another digest": (
        init_world(own(), file=details_of(own(f"{PINNED[:-1]}b"))),
        "ImageChanged",
        StartTest,
        None,
    ),
    "another network": (init_world(own(), file=details_of(own(network="local"))), "NetworkChanged", StartTest, None),
    "a retest": (init_world(own(retest="1"), file=details_of(own())), "RetestChanged", StartTest, None),
    "the same": (init_world(own(), file=details_of(own())), "SameTest", Resume, None),
}


@pytest.mark.parametrize(("world", "reason", "act", "exit_code"), ROWS.values(), ids=ROWS)
def test_row(world: InitWorld, reason: str, act: type, exit_code: ExitCode | None) -> None:
    decision = decide(world)

    assert decision.reason == reason
    assert decision.message
    assert type(decision.act) is act
    if isinstance(decision.act, Stop):
        assert decision.act.exit_code is exit_code
        assert decision.act.check
        assert decision.act.do


@pytest.mark.parametrize(
    ("row", "phrases"),
    [
        ("second pod", ["`rig-0`", "spec.replicas"]),
        ("another tag", [FLOATING, "`v1`", "--tracked-tag"]),
        ("bad configuration", ["AVAGO_NETWORK_ID"]),
        ("no such container", ["'node'", "--node-container-name"]),
        ("template is pinned", [PINNED]),
        ("template is pinned, partition", ["partition"]),
        ("template is pinned, replaced too often", ["3 times in the last 10 minutes", "updateStrategy"]),
        ("nothing is pinned, partition", ["partition"]),
        ("pinned too often", ["3 times in the last 10 minutes", "GitOps", "webhook", "then wait 10 minutes"]),
        ("pinned too often, in a test", [f"then set it to `{PINNED}`", "or wait 10 minutes"]),
        ("nothing is pinned", [FLOATING]),
        ("malformed details", ["bootstrap_test_details.txt is empty"]),
        ("another network", ["network", "`local`", "`fuji`"]),
        ("the same", ["2024-05-01T12:00:00.123456789Z"]),
    ],
)
def test_the_decision_says_what_a_person_needs(row: str, phrases: list[str]) -> None:
    decision = decide(ROWS[row][0])
    act = decision.act

    said = "\n".join([decision.message, *([act.check, act.do] if isinstance(act, Stop) else [])])
    assert [phrase for phrase in phrases if phrase not in said] == []


def test_the_new_test_of_a_pinned_pod() -> None:
    decision = decide(init_world(own(retest="1"), file=details_of(own())))

    assert isinstance(decision.act, StartTest)
    assert not decision.act.set_aside
    new, old = decision.act.details, details_of(own(retest="1"))
    assert new.start_time == NOW.isoformat()
    assert (new.image, new.repository, new.tracked_tag, new.versions, new.fingerprint) == (
        (old.image, old.repository, old.tracked_tag, old.versions, old.fingerprint)
    )


@pytest.mark.parametrize("ordinals", [None, {"start": 0}, {"start": 5}], ids=["default", "0", "5"])
def test_the_first_pod_is_that_of_the_first_ordinal(ordinals: JsonObject | None) -> None:
    first = (ordinals or {}).get("start", 0)
    with_ordinals = stateful_set(ordinals=ordinals)

    assert decide(init_world(own(ordinal=first), with_ordinals)).reason == "NoTestDetails"
    second = decide(init_world(own(ordinal=first + 1), with_ordinals))
    assert second.reason == "NotTheFirstPod"
    assert f"`rig-{first}`" in second.message


def test_a_partition_is_compared_with_the_ordinal() -> None:
    held = stateful_set(strategy=partition(5), ordinals={"start": 5})

    assert decide(init_world(own(FLOATING, ordinal=5), held)).act == DeleteOwnPod()


def test_a_partition_does_not_matter_to_a_pinned_pod() -> None:
    held = stateful_set(strategy=partition(1))

    assert decide(init_world(own(), held, details_of(own()))).reason == "SameTest"


def test_a_pod_that_is_not_of_the_stateful_set() -> None:
    pod = own()
    pod["metadata"]["name"] = "other-0"

    with pytest.raises(ConfigurationError, match="`other-0`") as caught:
        decide(init_world(pod))
    assert caught.value.reason == "NotAStatefulSetPod"


def test_a_template_without_the_container() -> None:
    edited = template(FLOATING)
    node_of(edited)["name"] = "renamed"

    with pytest.raises(ConfigurationError, match="no container `avago`") as caught:
        decide(init_world(own(FLOATING), stateful_set(edited)))
    assert caught.value.reason == "ContainerNotFound"


def test_a_template_with_a_bad_image_is_never_rolled_out() -> None:
    for_nobody = stateful_set(template("Bad Image\n"), revision="rig-2")

    with pytest.raises(ConfigurationError) as caught:
        decide(init_world(own(FLOATING), for_nobody))
    assert caught.value.reason == "BadImageReference"


@pytest.mark.parametrize(
    ("kind", "image", "pod_template"),
    [
        pytest.param(PIN, FLOATING, UNPINNED, id="pins"),
        pytest.param(SELF_DELETION, FLOATING, template(), id="self-deletions"),
    ],
)
@pytest.mark.parametrize(
    ("ages", "stops"),
    [
        pytest.param(minutes(1, 2), False, id="the third"),
        pytest.param(minutes(1, 2, 3), True, id="the fourth"),
        pytest.param(minutes(1, 2, 10), True, id="at the window's edge"),
        pytest.param(minutes(1, 2, 11), False, id="one outside of the window"),
        pytest.param(minutes(-1, -2, -3), True, id="the clock jumped back a little"),
        pytest.param(minutes(-60, -61, -62), False, id="the clock jumped back an hour"),
    ],
)
def test_attempts_are_counted(
    kind: AttemptKind, image: str, pod_template: JsonObject, ages: list[timedelta], stops: bool
) -> None:
    world = init_world(own(image), stateful_set(pod_template, annotations=tried(kind, *ages)))

    assert isinstance(decide(world).act, Stop) is stops


@pytest.mark.parametrize(
    ("kind", "pod_template"),
    [
        pytest.param(SELF_DELETION, UNPINNED, id="self-deletions do not hinder a pin"),
        pytest.param(PIN, template(), id="pins do not hinder a self-deletion"),
    ],
)
def test_kinds_are_counted_apart(kind: AttemptKind, pod_template: JsonObject) -> None:
    world = init_world(own(FLOATING), stateful_set(pod_template, annotations=tried(kind, *minutes(1, 2, 3, 4))))

    assert not isinstance(decide(world).act, Stop)
