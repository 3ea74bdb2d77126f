"""``wait-for-completion`` up to the verdict and its result."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.health import HealthAnswer, HttpAnswer
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, Terminated
from bootstrap_monitor.timings import EXACT_USAGE_TIMEOUT_SECONDS
from tests.support.cluster import ANNOTATIONS_LIMIT_BYTES, fails
from tests.support.manifests import FLOATING, NEXT, PINNED, POD, START_TIME, details
from tests.support.rig import AWAY, BOOTSTRAPPING, HEALTHY, Count, FakeNode, Rig, health, logged, messages

MINUTE = 60.0


def test_a_pass_is_stored_and_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.watch(2 * MINUTE)

    [result] = rig.results()
    fingerprint = result.pop("fingerprint")
    assert len(fingerprint) == 16
    assert result == {
        "schema": 1,
        "retest": "",
        "image": PINNED,
        "versions": {"application": "avalanchego/1.13.0", "commit": ""},
        "network": "fuji",
        "syncMode": "c-chain-state-sync",
        "start": START_TIME,
        "end": "2026-01-02T03:06:05+00:00",
        "durationSeconds": 97564.877,
        "verdict": "passed",
        "reason": "Bootstrapped",
        "message": "bootstrapped and healthy in 3 samples in a row",
        "diskBytes": 3 * 1024**3,
        "pod": POD,
        "nodeLog": "",
    }
    [fields] = logged(caplog, names.COMPLETED)
    assert fields == {
        "diskUsage": "3.0G",
        "duration": timedelta(seconds=97564, microseconds=876544),
        "testConfig": {
            "network": "fuji",
            "syncMode": "c-chain-state-sync",
            "image": PINNED,
            "versions": {"application": "avalanchego/1.13.0", "commit": ""},
        },
        "heights": {"C": 30, "P": 7},
    }


@pytest.mark.parametrize("samples", [1, 3, 5])
def test_so_many_healthy_samples_in_a_row_are_needed(rig: Rig, samples: int) -> None:
    needed = (samples - 1) * MINUTE
    if needed:
        rig.watch(needed - 1, healthy_samples=samples)
        assert rig.results() == []
    rig.watch(needed, healthy_samples=samples)
    assert len(rig.results()) == 1


UNFIT: list[HealthAnswer] = [
    BOOTSTRAPPING,
    AWAY,
    health(bootstrapping=("11111111111111111111111111111111LpoYY",)),
    HttpAnswer(200, b"<html>"),
    HttpAnswer(503, b""),
    HttpAnswer(200, b'{"healthy": true}'),
]


@pytest.mark.parametrize("flap", UNFIT)
def test_any_other_sample_starts_the_count_anew(rig: Rig, flap: HealthAnswer) -> None:
    rig.node = FakeNode(HEALTHY, HEALTHY, flap, HEALTHY)
    rig.watch(5 * MINUTE - 1)
    assert rig.results() == []
    rig.node = FakeNode(HEALTHY, HEALTHY, flap, HEALTHY)
    rig.watch(5 * MINUTE)
    assert len(rig.results()) == 1


def test_changes_are_logged_and_repetitions_are_not(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.node = FakeNode(AWAY, AWAY, BOOTSTRAPPING, BOOTSTRAPPING, BOOTSTRAPPING, HEALTHY)
    rig.watch(7 * MINUTE)
    told = [m for m in messages(caplog, logging.INFO) if m.startswith("Node reported")]
    assert told == ["Node reported unhealthy", "Node reported unhealthy", "Node reported healthy"]
    first, second = logged(caplog, "Node reported unhealthy")
    assert first["problem"].startswith("NodeUnreachable: ")
    assert (second["failing"], len(second["bootstrapping"])) == (("bootstrapped",), 1)


def test_the_result_is_stored_before_the_log_tells_and_before_any_probe(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[bool, bool]] = []

    def look() -> None:
        seen.append((bool(rig.results()), bool(logged(caplog, names.COMPLETED))))

    rig.cluster.once("patch_stateful_set", look)
    rig.cluster.once("create_pod", look)
    rig.watch(2 * MINUTE)
    assert seen == [(False, False), (True, True)]


def test_no_pass_is_logged_while_it_cannot_be_stored(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.always("patch_stateful_set", fails(503))
    rig.watch(20 * MINUTE)
    assert logged(caplog, names.COMPLETED) == []
    assert "create_pod" not in rig.cluster.calls

    rig.cluster.never_mind()
    rig.watch(2 * MINUTE)
    assert len(logged(caplog, names.COMPLETED)) == 1


@pytest.mark.parametrize("status", [403, 503])
def test_a_store_that_fails_is_tried_again_at_the_next_look_only(
    rig: Rig, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    rig.cluster.always("patch_stateful_set", fails(status))
    rig.watch(6 * MINUTE)
    assert len(messages(caplog, logging.ERROR)) == 5


def test_a_sidecar_that_restarts_reports_nothing_again(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.watch(2 * MINUTE)
    [result] = rig.results()
    caplog.clear()
    rig.node = FakeNode(BOOTSTRAPPING)

    rig.watch(20 * MINUTE)

    assert rig.results() == [result]
    assert logged(caplog, names.COMPLETED) == []
    assert logged(caplog, "Watching the node")[0]["verdict"] == "passed"
    assert len(logged(caplog, names.IMAGE_UNCHANGED)) == 5, "the image is looked for at once"
    assert rig.node.looks == 0


def test_a_result_of_another_test_is_kept_behind(rig: Rig) -> None:
    rig.watch(2 * MINUTE)
    rig.write_details(details(startTime="2026-01-02T00:00:00Z"))
    rig.watch(2 * MINUTE)
    assert [result["start"] for result in rig.results()] == ["2026-01-02T00:00:00Z", START_TIME]


def annotate(rig: Rig, value: str) -> None:
    rig.cluster.edit({"metadata": {"annotations": {names.RESULTS_ANNOTATION: value}}})


def test_results_that_are_too_long_are_cut_to_the_newest(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    annotate(rig, json.dumps([{"message": "x" * (ANNOTATIONS_LIMIT_BYTES - 200)}]))
    rig.watch(2 * MINUTE)
    assert [result["start"] for result in rig.results()] == [START_TIME]
    assert len(logged(caplog, names.COMPLETED)) == 1


def test_a_result_that_is_refused_also_alone_is_one_error(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.cluster.always("patch_stateful_set", fails(422, "Invalid"))
    rig.watch(60 * MINUTE)
    assert messages(caplog, logging.ERROR) == ["The result is refused and is not stored"]
    assert len(logged(caplog, names.COMPLETED)) == 1
    assert logged(caplog, names.IMAGE_UNCHANGED), "the loop goes on"


def test_the_result_waits_for_the_count(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.count = Count(None)

    def counted() -> None:
        rig.count.value = 5 * 1024

    rig.clock.at(2 * MINUTE + 90.5, counted)
    rig.watch(2 * MINUTE + 92)
    [fields] = logged(caplog, names.COMPLETED)
    assert (fields["diskUsage"], rig.results()[0]["diskBytes"]) == ("5.0K", 5 * 1024)
    assert rig.results()[0]["end"] == "2026-01-02T03:06:05+00:00", "the test ended with its last sample"


def test_a_count_that_takes_too_long_is_left_out(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.count = Count(None)
    rig.watch(2 * MINUTE + EXACT_USAGE_TIMEOUT_SECONDS - 1)
    assert rig.results() == []
    rig.watch(2 * MINUTE + EXACT_USAGE_TIMEOUT_SECONDS)
    assert rig.results()[0]["diskBytes"] is None
    assert logged(caplog, names.COMPLETED)[0]["diskUsage"] is None
    assert any("takes too long" in message for message in messages(caplog, logging.WARNING))


def test_while_it_counts_the_node_is_looked_at_no_more_often(rig: Rig) -> None:
    """Three samples in a row are three intervals of health, also after a failure."""
    rig.count = Count(None)
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.watch(30 * MINUTE + EXACT_USAGE_TIMEOUT_SECONDS, stall_timeout=timedelta(minutes=30))
    assert rig.results()[0]["reason"] == "Stalled"
    assert rig.node.looks == 31 + EXACT_USAGE_TIMEOUT_SECONDS / MINUTE


def test_a_count_that_fails_is_left_out(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.count = Count(OSError(5, "Input/output error"))
    rig.watch(2 * MINUTE)
    assert rig.results()[0]["diskBytes"] is None
    assert logged(caplog, "The disk usage could not be counted")


def test_the_heartbeat_tells_where_it_stands(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.node = FakeNode(BOOTSTRAPPING)
    rig.watch(60 * MINUTE)
    beats = logged(caplog, "Bootstrap in progress")
    assert len(beats) == 6
    assert beats[0] == {
        "elapsed": timedelta(days=1, hours=3, minutes=14, seconds=4, microseconds=876544),
        "diskUsed": "40G",
        "diskFree": "60G",
        "heights": {"C": 30, "P": 7},
        "bootstrapping": ("11111111111111111111111111111111LpoYY",),
        "restarts": None,
        "withoutProgress": timedelta(minutes=10),
    }


def test_a_heartbeat_without_the_volume_is_an_error_of_that_turn(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def away() -> None:
        raise OSError(116, "Stale file handle")

    rig.space = away  # type: ignore[assignment]
    rig.watch(20 * MINUTE)
    errors = logged(caplog, "This turn failed; trying again at the next")
    assert len(errors) == 2
    assert "Stale file handle" in errors[0]["error"]


def test_a_clock_that_was_set_back_makes_no_negative_duration(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.clock.jump(-timedelta(days=30))
    rig.watch(2 * MINUTE)
    assert logged(caplog, names.COMPLETED)[0]["duration"] == timedelta()
    assert rig.results()[0]["durationSeconds"] == 0


@pytest.mark.parametrize(
    ("image", "content", "code", "reason"),
    [
        (PINNED, None, ExitCode.TRY_AGAIN, "NoTestDetails"),
        (PINNED, b"{", ExitCode.TRY_AGAIN, "NoTestDetails"),
        (PINNED, details(schema=2), ExitCode.TRY_AGAIN, "NoTestDetails"),
        (PINNED, details(NEXT), ExitCode.TRY_AGAIN, "ImageChanged"),
        (FLOATING, details(), ExitCode.CONFIGURATION, "ImageNotPinned"),
    ],
)
def test_without_its_test_it_does_not_begin(
    tmp_path: Path, image: str, content: bytes | dict[str, object] | None, code: ExitCode, reason: str
) -> None:
    rig = Rig(tmp_path, image)
    if content is not None:
        rig.write_details(content)
    before = rig.world()
    with pytest.raises(MonitorError) as caught:
        rig.sidecar()
    assert (caught.value.exit_code, caught.value.reason) == (code, reason)
    assert caught.value.check
    assert rig.world() == before


def test_a_pod_of_no_statefulset_is_for_a_person(rig: Rig) -> None:
    rig.cluster.pod["metadata"]["ownerReferences"] = []
    with pytest.raises(ConfigurationError, match="belongs to no StatefulSet"):
        rig.sidecar()


def test_sigterm_ends_the_loop(rig: Rig) -> None:
    sidecar = rig.sidecar()
    rig.cluster.delete_pod(POD)
    with pytest.raises(Terminated):
        sidecar.run()
