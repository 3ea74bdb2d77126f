"""``init`` in a pod whose image has no digest."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.errors import ConfigurationError, DeadlineExceeded, ExitCode, Terminated, TransientError
from bootstrap_monitor.steps.rollout import LeaveTimeout
from bootstrap_monitor.timings import CONFLICT_ATTEMPTS, OBSERVED_TIMEOUT_SECONDS, TERMINATION_TIMEOUT_SECONDS
from tests.support.cluster import fails
from tests.support.manifests import (
    DIGEST,
    FLOATING,
    NEXT,
    PINNED,
    POD,
    PROBE,
    REPOSITORY,
    SET,
    TAG,
    VERSIONS,
    details,
    pod_image,
    template_image,
)
from tests.support.outcomes import failed, ran, waiting, waits
from tests.support.rig import Rig, logged, messages

CONFLICT = fails(409, "Conflict")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def pins(rig: Rig) -> None:
    """``init`` runs until SIGTERM."""
    with pytest.raises(Terminated):
        rig.init().run()


def test_the_probed_digest_is_pinned_and_the_pod_deletes_itself(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    uid = rig.cluster.pod["metadata"]["uid"]

    pins(rig)

    assert template_image(rig.cluster.set) == PINNED
    assert rig.template["metadata"]["annotations"] == {
        names.VERSIONS_ANNOTATION: VERSIONS,
        names.TRACKED_TAG_ANNOTATION: TAG,
    }
    assert rig.attempts() == ["pin"]
    assert [item["name"] for item in rig.template["spec"]["containers"]] == ["monitor", "avago"]
    assert [deletion["name"] for deletion in rig.cluster.deletions] == [PROBE, POD]
    assert rig.cluster.deletions[-1] == {"name": POD, "uid": uid, "grace": 5}
    assert list(rig.cluster.pods) == [POD]
    assert len(logged(caplog, names.DELETING_POD)) == 1
    assert logged(caplog, "Decided")[0]["reason"] == "ImageNotPinned"
    assert rig.world()[1:] == (None, {}), "the volume is for the next pod"


def test_the_pod_that_follows_is_the_pinned_one(rig: Rig) -> None:
    pins(rig)
    rig.cluster.settle()
    assert pod_image(rig.cluster.pod) == PINNED


def test_a_pod_is_never_deleted_without_grace(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.cluster.pod["spec"]["terminationGracePeriodSeconds"] = 0
    pins(rig)
    assert rig.cluster.deletions[-1]["grace"] == 1


def test_the_pod_is_deleted_only_when_the_controller_has_seen_the_pin(rig: Rig) -> None:
    rig.clock.controller = False
    rig.clock.at(20, rig.cluster.observe)
    seen = rig.observed_at_deletions()

    pins(rig)

    assert seen == [True, True]
    assert rig.clock.monotonic() < 1000 + OBSERVED_TIMEOUT_SECONDS


def test_a_controller_that_is_away_is_not_waited_for_for_ever(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.clock.controller = False
    before = rig.clock.monotonic()

    pins(rig)

    assert "The StatefulSet controller has not seen the patch; going on" in messages(caplog, logging.WARNING)
    assert rig.cluster.deletions[-1]["name"] == POD
    assert rig.clock.monotonic() - before > OBSERVED_TIMEOUT_SECONDS


def test_sigterm_that_never_comes_is_an_error_to_try_again(rig: Rig) -> None:
    rig.clock.kubelet = False
    with pytest.raises(LeaveTimeout) as caught:
        rig.init().run()
    assert caught.value.exit_code is ExitCode.TRY_AGAIN


def test_sigterm_that_came_before_anybody_listened_is_not_waited_for(rig: Rig) -> None:
    rig.clock.kubelet = False
    rig.cluster.pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
    before = rig.clock.monotonic()
    with pytest.raises(LeaveTimeout) as caught:
        rig.init().run()
    assert caught.value.exit_code is ExitCode.TRY_AGAIN
    assert rig.clock.monotonic() - before < TERMINATION_TIMEOUT_SECONDS


def test_conflicts_are_retried_on_fresh_knowledge(rig: Rig) -> None:
    def somebody_scales() -> None:
        rig.cluster.edit({"spec": {"minReadySeconds": 5}})

    rig.cluster.once("patch_stateful_set", somebody_scales, CONFLICT, somebody_scales)
    pins(rig)
    assert template_image(rig.cluster.set) == PINNED


def test_a_statefulset_that_changes_all_the_time_is_to_be_tried_again(rig: Rig) -> None:
    rig.cluster.always("patch_stateful_set", CONFLICT)
    with pytest.raises(TransientError, match=f"changed under each of {CONFLICT_ATTEMPTS} patches"):
        rig.init().run()
    assert POD not in [deletion["name"] for deletion in rig.cluster.deletions]


def test_a_template_that_somebody_pins_meanwhile_is_taken_as_it_is(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.once("patch_stateful_set", lambda: rig.cluster.set_image(NEXT))

    pins(rig)

    assert template_image(rig.cluster.set) == NEXT
    assert [fields["reason"] for fields in logged(caplog, "Decided")] == ["ImageNotPinned", "PodBehindTemplate"]
    assert rig.attempts() == ["self-deletion"]


def test_another_tag_that_comes_meanwhile_is_decided_on_anew(rig: Rig) -> None:
    other = f"{REPOSITORY}:nightly"
    rig.cluster.images[other] = ran(NEXT)
    rig.cluster.once("patch_stateful_set", lambda: rig.cluster.set_image(other))

    pins(rig)

    assert template_image(rig.cluster.set) == NEXT
    assert rig.template["metadata"]["annotations"][names.TRACKED_TAG_ANNOTATION] == "nightly"


def test_a_template_that_never_stands_still_is_to_be_tried_again(rig: Rig) -> None:
    images = [f"{REPOSITORY}:{n}" for n in range(2 * CONFLICT_ATTEMPTS)]
    rig.cluster.images |= dict.fromkeys(images, ran(PINNED))
    rig.cluster.always("patch_stateful_set", lambda: rig.cluster.set_image(images.pop()))
    with pytest.raises(TransientError, match="changes all the time"):
        rig.init().run()


def test_the_test_in_progress_is_pinned_again_without_a_probe(rig: Rig) -> None:
    """A manifest was re-applied with its floating tag."""
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.write_details(details())
    rig.put_node_data()

    pins(rig)

    assert template_image(rig.cluster.set) == PINNED
    assert "create_pod" not in rig.cluster.calls
    assert rig.read_details() == details()
    assert set(rig.files().values()) == {"old"}


def test_a_test_whose_versions_are_unknown_has_its_own_digest_probed(rig: Rig) -> None:
    """As upstream's program leaves it, in a template without annotations."""
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.write_details({"image": PINNED, "startTime": "2026-01-01T00:00:00Z"})

    pins(rig)

    assert template_image(rig.cluster.set) == PINNED
    assert rig.template["metadata"]["annotations"][names.VERSIONS_ANNOTATION] == VERSIONS


@pytest.mark.parametrize(
    ("outcome", "error", "reason"),
    [
        (waits(waiting("InvalidImageName", "bad")), ConfigurationError, "InvalidImageName"),
        (waits(waiting("ErrImagePull", "no such host")), DeadlineExceeded, "ProbeTimeout"),
        (failed(), TransientError, "Error"),
    ],
)
def test_a_failed_probe_pins_nothing(tmp_path: Path, outcome: object, error: type[Exception], reason: str) -> None:
    rig = Rig(tmp_path)
    rig.cluster.images[FLOATING] = outcome  # type: ignore[assignment]
    before = rig.world()

    with pytest.raises(error) as caught:
        rig.init().run()

    assert getattr(caught.value, "reason") == reason  # noqa: B009 - of each error here
    assert rig.world() == before


def test_a_fourth_pin_in_ten_minutes_is_for_a_person(rig: Rig) -> None:
    """Self-heal, or a webhook, puts the tag back each time."""
    for _ in range(3):
        pins(rig)
        rig.cluster.set_image(FLOATING)
        rig.cluster.settle()
        rig.clock.follow()

    with pytest.raises(ConfigurationError) as caught:
        rig.init().run()

    assert caught.value.reason == "PinReverted"
    assert rig.attempts() == ["pin"] * 3


def test_a_partition_above_the_pod_is_for_a_person(tmp_path: Path) -> None:
    rig = Rig(tmp_path, partition=1)
    before = rig.world()
    with pytest.raises(ConfigurationError, match="partition"):
        rig.init().run()
    assert rig.world() == before


def test_a_long_name_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = "n" * 53
    rig = Rig(tmp_path)
    rig.cluster.create_stateful_set({**rig.cluster.set, "metadata": {"name": name}})
    rig.clock.follow(f"{name}-0")
    with pytest.raises(Terminated):
        rig.init(pod_name=f"{name}-0").run()
    assert any("name is long" in message for message in messages(caplog, logging.WARNING))
    assert template_image(rig.cluster.stateful_sets[name]) == f"{REPOSITORY}@{DIGEST}"
    assert template_image(rig.cluster.stateful_sets[SET]) == FLOATING
