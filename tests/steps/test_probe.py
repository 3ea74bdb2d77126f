"""One probe pod, from its creation to its deletion."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import (
    ConfigurationError,
    DeadlineExceeded,
    ExitCode,
    Forbidden,
    Invalid,
    MonitorError,
    Terminated,
    TransientError,
)
from bootstrap_monitor.steps.probe import Probed, probe
from bootstrap_monitor.timings import PROBE_DEADLINE_MARGIN_SECONDS, PROBE_GONE_TIMEOUT_SECONDS
from tests.support.cluster import fails
from tests.support.manifests import DIGEST, FLOATING, NODE, PINNED, POD, PROBE, REPOSITORY, VERSIONS
from tests.support.outcomes import Outcome, failed, ran, unscheduled, waiting, waits
from tests.support.rig import Rig, logged, messages, terminate

TIMEOUT = timedelta(minutes=2)
SLOW: tuple[JsonObject, ...] = ({}, {"phase": "Pending"}, waiting("ContainerCreating"))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def run(rig: Rig, outcome: Outcome | None = None, image: str = FLOATING) -> Probed:
    if outcome:
        rig.cluster.images[image] = outcome
    return probe(
        rig.cluster,
        rig.clock,
        own_pod=rig.cluster.get_pod(POD),
        container=NODE,
        image=image_reference.parse(image),
        timeout=TIMEOUT,
    )


def refused(rig: Rig, outcome: Outcome | None = None, image: str = FLOATING) -> MonitorError:
    with pytest.raises(MonitorError) as caught:
        run(rig, outcome, image)
    return caught.value


@pytest.mark.parametrize("prefix", ["", "docker-pullable://"])
def test_it_tells_digest_and_versions_and_is_gone(rig: Rig, prefix: str) -> None:
    probed = run(rig, ran(prefix + PINNED, f"a line of a shell\n{VERSIONS}\n", after=SLOW))
    assert (str(probed.image), probed.versions) == (PINNED, VERSIONS)
    assert list(rig.cluster.pods) == [POD]


def test_the_pods_own_deadline_comes_after_ours(rig: Rig) -> None:
    bodies: list[JsonObject] = []
    rig.cluster.once("get_pod", lambda: None, lambda: bodies.append(rig.cluster.pods[PROBE]))
    run(rig)
    deadline = bodies[0]["spec"]["activeDeadlineSeconds"]
    assert deadline == TIMEOUT.total_seconds() + PROBE_DEADLINE_MARGIN_SECONDS


def test_an_image_by_digest_needs_no_image_id(rig: Rig) -> None:
    """The runtime may name it by another repository, or by its configuration."""
    probed = run(rig, ran("sha256:" + "c" * 64), PINNED)
    assert str(probed.image) == PINNED


def leave_over(rig: Rig) -> None:
    """A probe pod of an earlier run, that takes its time to go."""
    rig.cluster.create_pod(
        {"metadata": {"name": PROBE, "finalizers": ["slow"]}, "spec": {"containers": [{"image": FLOATING}]}}
    )


def test_one_that_is_left_over_is_made_anew(rig: Rig) -> None:
    rig.cluster.create_pod(
        {"metadata": {"name": PROBE, "finalizers": ["slow"]}, "spec": {"containers": [{"image": ""}]}}
    )
    old = rig.cluster.pods[PROBE]["metadata"]["uid"]
    rig.clock.at(30, lambda: rig.cluster.remove(PROBE))

    assert str(run(rig).image) == PINNED

    assert rig.cluster.deletions[0]["name"] == PROBE
    assert rig.cluster.deletions[1]["uid"] not in {old, None}


def test_one_that_is_left_over_and_does_not_go_is_an_error(rig: Rig) -> None:
    rig.cluster.create_pod(
        {"metadata": {"name": PROBE, "finalizers": ["stuck"]}, "spec": {"containers": [{"image": ""}]}}
    )
    before = rig.clock.monotonic()
    error = refused(rig)
    assert (error.reason, error.exit_code) == ("ProbeNotDeleted", ExitCode.TRY_AGAIN)
    assert rig.clock.monotonic() - before < PROBE_GONE_TIMEOUT_SECONDS + 5


def test_the_timeout_quotes_the_last_waiting_reason(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    pulling, backing_off = waiting("ErrImagePull", "no such host"), waiting("ImagePullBackOff", "back-off 10s")
    before = rig.clock.monotonic()

    error = refused(rig, waits({}, pulling, pulling, backing_off))

    assert isinstance(error, DeadlineExceeded)
    assert error.what == (
        f"the probe of `{FLOATING}` did not end in 120 s; it was last waiting with ImagePullBackOff: back-off 10s"
    )
    assert [fields["reason"] for fields in logged(caplog, "The probe pod is waiting")] == [
        "ErrImagePull",
        "ImagePullBackOff",
    ]
    assert rig.clock.monotonic() - before < TIMEOUT.total_seconds() + 5
    assert list(rig.cluster.pods) == [POD]


@pytest.mark.parametrize(
    ("status", "quoted"),
    [
        (unscheduled("0/1 nodes are available"), "Unschedulable: 0/1 nodes are available"),
        (waiting("CreateContainerConfigError", 'secret "x" not found'), 'CreateContainerConfigError: secret "x"'),
        (waiting("ContainerCreating"), "ContainerCreating"),
    ],
)
def test_whatever_it_waits_for_is_quoted(rig: Rig, status: JsonObject, quoted: str) -> None:
    error = refused(rig, waits(status))
    assert error.reason == "ProbeTimeout"
    assert quoted in error.what


def test_a_waiting_reason_is_quoted_also_when_the_deadline_erased_it(rig: Rig) -> None:
    erased = {"phase": "Failed", "reason": "DeadlineExceeded", "message": "active longer than specified"}
    error = refused(rig, waits(waiting("ErrImagePull", "no such host"), erased))
    assert error.reason == "DeadlineExceeded"
    assert "last waiting with ErrImagePull: no such host" in error.what


def test_a_pull_that_never_answers_ends_by_our_own_timer(rig: Rig) -> None:
    error = refused(rig, waits({}))
    assert error.what == f"the probe of `{FLOATING}` did not end in 120 s"


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_what_can_never_run_is_for_a_person(rig: Rig, reason: str) -> None:
    error = refused(rig, waits(waiting(reason, "no good")))
    assert isinstance(error, ConfigurationError)
    assert (error.reason, error.exit_code) == (reason, ExitCode.CONFIGURATION)
    assert list(rig.cluster.pods) == [POD]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (failed(1, "Error"), "Error"),
        (failed(137, "OOMKilled"), "OOMKilled"),
        (waits({"phase": "Failed", "reason": "Evicted", "message": "low on disk"}), "Evicted"),
        (ran(PINNED, "no JSON here"), "NoVersions"),
        (ran(PINNED, ""), "NoVersions"),
        (ran("sha256:" + "c" * 64), "NoDigest"),
        (ran(""), "NoDigest"),
        (ran(f"registry.example:5000/other@{DIGEST}"), "ProbedAnotherRepository"),
    ],
)
def test_what_tells_nothing_usable_is_to_be_tried_again(rig: Rig, outcome: Outcome, reason: str) -> None:
    error = refused(rig, outcome)
    assert isinstance(error, TransientError)
    assert (error.reason, error.exit_code) == (reason, ExitCode.TRY_AGAIN)
    assert list(rig.cluster.pods) == [POD]


def test_another_repository_is_named(rig: Rig) -> None:
    error = refused(rig, ran(f"registry.example:5000/other@{DIGEST}"))
    assert "registry.example:5000/other" in error.what
    assert REPOSITORY in error.what


def test_one_that_somebody_deletes_is_to_be_tried_again(rig: Rig) -> None:
    rig.clock.at(10, lambda: rig.cluster.remove(PROBE))
    error = refused(rig, waits({}))
    assert (error.reason, error.exit_code) == ("ProbeDeleted", ExitCode.TRY_AGAIN)


@pytest.mark.parametrize("status", [0, 401, 429, 500, 503])
def test_an_api_that_is_away_while_it_runs_is_waited_for(rig: Rig, status: int) -> None:
    rig.cluster.once("get_pod", lambda: None, fails(status), fails(status))
    assert str(run(rig).image) == PINNED


def test_an_api_that_stays_away_ends_by_the_timeout(rig: Rig) -> None:
    def away() -> None:
        rig.cluster.always("get_pod", fails(503))

    rig.cluster.once("create_pod", away)
    assert refused(rig).reason == "ProbeTimeout"


@pytest.mark.parametrize("method", ["create_pod", "get_pod", "pod_log"])
def test_a_verb_that_is_not_granted_is_told(rig: Rig, method: str) -> None:
    before = [lambda: None] if method == "get_pod" else []
    rig.cluster.once(method, *before, fails(403, "Forbidden"))
    assert isinstance(refused(rig), Forbidden)
    assert list(rig.cluster.pods) == [POD]


def test_a_body_that_is_refused_is_told(rig: Rig) -> None:
    """A policy of the cluster, say."""
    rig.cluster.once("create_pod", fails(422, "Invalid"))
    assert isinstance(refused(rig), Invalid)


def gone(rig: Rig) -> Callable[[], None]:
    return lambda: rig.cluster.remove(PROBE)


def test_one_that_goes_by_itself_at_the_end_is_fine(rig: Rig) -> None:
    rig.cluster.once("delete_pod", gone(rig))
    assert str(run(rig).image) == PINNED


@pytest.mark.parametrize("status", [403, 409, 503])
def test_one_that_cannot_be_deleted_is_a_warning(rig: Rig, status: int, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.once("delete_pod", fails(status))
    assert str(run(rig).image) == PINNED
    assert messages(caplog, logging.WARNING) == ["The probe pod could not be deleted"]


def test_sigterm_ends_the_wait(rig: Rig) -> None:
    """The probe pod goes with its owner."""
    rig.clock.at(10, terminate)
    with pytest.raises(Terminated):
        run(rig, waits({}))
    rig.cluster.delete_pod(POD)
    rig.cluster.settle()
    assert list(rig.cluster.pods) == [POD]
