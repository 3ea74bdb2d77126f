"""``wait-for-completion`` after the verdict: the tracked tag, and the next image."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode
from bootstrap_monitor.steps.rollout import LeaveTimeout
from tests.support.cluster import fails
from tests.support.manifests import (
    DIGEST,
    FLOATING,
    NEXT,
    NEXT_VERSIONS,
    PINNED,
    POD,
    PROBE,
    REPOSITORY,
    VERSIONS,
    details,
    pod_image,
    template_image,
)
from tests.support.outcomes import ran, waiting, waits
from tests.support.rig import BOOTSTRAPPING, HEALTHY, FakeNode, Rig, logged, messages

MINUTE = 60.0


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """A test that has passed."""
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    rig.watch(2 * MINUTE)
    assert len(rig.results()) == 1
    rig.cluster.calls.clear()
    rig.cluster.deletions.clear()
    return rig


def test_the_same_image_is_unchanged_each_time(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    before = rig.world()
    caplog.clear()

    rig.watch(10 * MINUTE)

    assert [fields["image"] for fields in logged(caplog, names.IMAGE_UNCHANGED)] == [PINNED] * 3
    assert rig.world() == before
    assert messages(caplog, logging.WARNING) + messages(caplog, logging.ERROR) == []


def test_a_new_image_is_pinned_and_the_pod_deletes_itself(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    uid = rig.cluster.pod["metadata"]["uid"]
    rig.watch(MINUTE)
    rig.cluster.images[FLOATING] = ran(NEXT, NEXT_VERSIONS)

    rig.watch(6 * MINUTE)

    assert template_image(rig.cluster.set) == NEXT
    assert rig.template["metadata"]["annotations"] == {
        names.VERSIONS_ANNOTATION: NEXT_VERSIONS,
        names.TRACKED_TAG_ANNOTATION: "latest",
    }
    assert rig.cluster.deletions[-1] == {"name": POD, "uid": uid, "grace": 5}
    assert PROBE not in rig.cluster.pods
    assert rig.attempts() == [], "nobody reverted anything"
    assert logged(caplog, "Found updated image") == [
        {"image": NEXT, "versions": {"application": "avalanchego/1.13.1", "commit": ""}}
    ]
    assert len(logged(caplog, names.DELETING_POD)) == 1
    rig.cluster.settle()
    assert pod_image(rig.cluster.pod) == NEXT


def test_the_pod_is_deleted_only_when_the_controller_has_seen_the_new_image(rig: Rig) -> None:
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.clock.controller = False
    rig.clock.at(20, rig.cluster.observe)
    seen = rig.observed_at_deletions()
    rig.watch(MINUTE)
    assert seen == [True, True]


def test_an_image_that_has_its_verdict_is_not_tested_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """The tag moved back."""
    rig.cluster.images[FLOATING] = ran(NEXT, NEXT_VERSIONS)
    rig.watch(MINUTE)
    rig.cluster.settle()
    rig.clock.follow()
    rig.write_details(details(NEXT, versions=NEXT_VERSIONS, startTime="2026-01-02T04:00:00Z"))
    rig.cluster.images[FLOATING] = ran(PINNED)

    rig.watch(20 * MINUTE)

    assert [result["image"] for result in rig.results()] == [NEXT, PINNED]
    assert template_image(rig.cluster.set) == NEXT
    assert {fields["image"] for fields in logged(caplog, "Image already tested")} == {PINNED}
    assert POD in rig.cluster.pods


def test_a_running_test_is_not_left_for_a_newer_image(tmp_path: Path) -> None:
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.watch(60 * MINUTE)
    assert "create_pod" not in rig.cluster.calls
    assert template_image(rig.cluster.set) == PINNED


TAGS: list[tuple[JsonObject, dict[str, str], str]] = [
    ({"tracked_tag": "nightly"}, {names.TRACKED_TAG_ANNOTATION: "stable"}, "nightly"),
    ({}, {names.TRACKED_TAG_ANNOTATION: "stable", names.VERSIONS_ANNOTATION: VERSIONS}, "stable"),
    ({}, {names.VERSIONS_ANNOTATION: VERSIONS}, "master"),
    ({}, {}, "latest"),
]


@pytest.mark.parametrize(("options", "annotations", "tag"), TAGS)
def test_the_tracked_tag_is_followed(
    tmp_path: Path, options: JsonObject, annotations: dict[str, str], tag: str
) -> None:
    rig = Rig(tmp_path, PINNED, annotations=annotations)
    rig.write_details(details())
    rig.cluster.images = {f"{REPOSITORY}:{tag}": ran(NEXT, NEXT_VERSIONS)}
    rig.watch(20 * MINUTE, **options)
    assert template_image(rig.cluster.set) == NEXT
    assert rig.template["metadata"]["annotations"][names.TRACKED_TAG_ANNOTATION] == tag


def test_a_probe_that_fails_is_tried_again_at_the_next_look(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.images[FLOATING] = waits(waiting("ErrImagePull", "no such host"))
    caplog.clear()

    rig.watch(40 * MINUTE)

    errors = logged(caplog, "This turn failed; trying again at the next")
    assert len(errors) >= 3
    assert all(fields["error"].startswith("ProbeTimeout: ") for fields in errors)
    assert template_image(rig.cluster.set) == PINNED


def test_a_template_that_changes_under_the_probe_is_looked_at_anew(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.cluster.once("create_pod", lambda: rig.cluster.set_image(f"{REPOSITORY}:nightly"))
    rig.cluster.images[f"{REPOSITORY}:nightly"] = ran(NEXT)

    rig.watch(6 * MINUTE)

    assert logged(caplog, "This turn failed; trying again at the next")[0]["error"].startswith("Superseded: ")
    assert template_image(rig.cluster.set) == f"{REPOSITORY}:nightly", "init decides on another tag"
    assert rig.attempts() == ["self-deletion"]


def test_sigterm_that_never_comes_ends_the_process(rig: Rig) -> None:
    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.clock.kubelet = False
    with pytest.raises(LeaveTimeout) as caught:
        rig.sidecar().run()
    assert caught.value.exit_code is ExitCode.TRY_AGAIN


@pytest.mark.parametrize("status", [0, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("method", ["read_stateful_set", "patch_stateful_set", "create_pod", "get_pod", "pod_log"])
def test_no_answer_of_the_api_ends_the_loop(
    rig: Rig, method: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        rig.cluster.always(method, fails(status))

    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.clock.at(1, fail)
    rig.cluster.once("read_stateful_set", lambda: None, fails(503))  # the first look at the template is lost

    rig.watch(25 * MINUTE)

    assert logged(caplog, "This turn failed; trying again at the next")
    assert template_image(rig.cluster.set) == PINNED
    rig.cluster.never_mind()
    rig.watch(10 * MINUTE)
    assert template_image(rig.cluster.set) == NEXT


@pytest.mark.parametrize("status", [0, 403, 500])
def test_a_deletion_that_fails_is_made_up_for_at_the_next_look(rig: Rig, status: int) -> None:
    """The template is patched by then, and the pod is behind it."""

    rig.cluster.images[FLOATING] = ran(NEXT)
    rig.cluster.once("delete_pod", lambda: None, fails(status))  # the probe pod's goes well
    rig.watch(6 * MINUTE)
    assert rig.cluster.deletions[-1]["name"] == POD
    assert rig.attempts() == ["self-deletion"]


def _put_back(rig: Rig) -> None:
    rig.cluster.set_image(FLOATING)


def _put_back_without_annotations(rig: Rig) -> None:
    nothing = dict.fromkeys((names.VERSIONS_ANNOTATION, names.TRACKED_TAG_ANNOTATION))
    rig.cluster.edit({"spec": {"template": {"metadata": {"annotations": nothing}}}})
    rig.cluster.set_image(FLOATING)


@pytest.mark.parametrize("apply", [_put_back, _put_back_without_annotations])
@pytest.mark.parametrize("passed", [False, True])
def test_a_tag_that_is_put_back_is_pinned_in_place(
    tmp_path: Path, apply: Callable[[Rig], None], passed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A manifest was re-applied."""
    rig = Rig(tmp_path, PINNED)
    rig.write_details(details())
    rig.node = FakeNode(HEALTHY if passed else BOOTSTRAPPING)
    before = rig.cluster.set["spec"], rig.cluster.pod
    rig.clock.at(7 * MINUTE, lambda: apply(rig))

    rig.watch(16 * MINUTE)

    assert (rig.cluster.set["spec"], rig.cluster.pod) == before
    assert POD not in [deletion["name"] for deletion in rig.cluster.deletions]
    assert rig.attempts() == ["pin"]
    assert (
        rig.cluster.set["status"]["updateRevision"] == rig.cluster.pod["metadata"]["labels"]["controller-revision-hash"]
    )
    assert messages(caplog, logging.ERROR) == []
    assert DIGEST in template_image(rig.cluster.set)
