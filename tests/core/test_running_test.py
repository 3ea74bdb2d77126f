from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bootstrap_monitor.core import details, names, results
from bootstrap_monitor.core.details import Details, DetailsFile, MalformedDetails, NewerDetails, NoDetails
from bootstrap_monitor.core.running_test import RunningTest, running_test
from bootstrap_monitor.core.verdict.assessment import Assessment
from bootstrap_monitor.core.verdict.reason import Reason
from bootstrap_monitor.errors import ConfigurationError, TransientError
from tests.core import pods
from tests.core.pods import NODE
from tests.support.objects import (
    FLOATING,
    PINNED,
    START,
    VERSIONS,
    details_of,
    node_of,
    pod_from,
    stateful_set,
    template,
)

POD = pod_from(template())
FILE = details_of(POD)
STARTED = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def running(file: DetailsFile = FILE, *, annotations: dict[str, str] | None = None) -> RunningTest:
    return running_test(pod_from(template(annotations=annotations)), NODE, file)


def test_what_pod_and_file_say() -> None:
    test = running()

    assert test.pod == POD
    assert test.stateful_set == "rig"
    assert test.details == FILE
    assert test.config.image == PINNED
    assert test.fingerprint.fields() == FILE.fingerprint


def test_upstreams_file() -> None:
    assert running(Details(PINNED, START)).details.start_time == START


@pytest.mark.parametrize(
    ("annotations", "in_file", "versions"),
    [
        ({names.VERSIONS_ANNOTATION: VERSIONS}, "{}", VERSIONS),
        ({}, VERSIONS, VERSIONS),
        ({}, None, ""),
        ({names.VERSIONS_ANNOTATION: "rubbish"}, VERSIONS, VERSIONS),
    ],
    ids=["annotation", "file", "neither", "rubbish in the annotation"],
)
def test_versions(annotations: dict[str, str], in_file: str | None, versions: str) -> None:
    assert running(replace(FILE, versions=in_file), annotations=annotations).versions == versions


@pytest.mark.parametrize(
    ("file", "reason", "said"),
    [
        pytest.param(NoDetails(), "NoTestDetails", "there is no file", id="absent"),
        pytest.param(MalformedDetails("empty"), "NoTestDetails", "the file is empty", id="malformed"),
        pytest.param(NewerDetails(3), "NoTestDetails", "schema 3", id="newer"),
        pytest.param(details.UnreadableDetails("EIO"), "NoTestDetails", "cannot be read (EIO)", id="unreadable"),
        pytest.param(
            replace(FILE, fingerprint={"network": "local"}),
            "NetworkChanged",
            "network is `local` there and `fuji` in the pod",
            id="of another test",
        ),
    ],
)
def test_init_did_not_run(file: DetailsFile, reason: str, said: str) -> None:
    with pytest.raises(TransientError) as caught:
        running(file)

    assert caught.value.reason == reason
    assert said in caught.value.what
    assert caught.value.check


def test_an_image_that_is_not_pinned() -> None:
    with pytest.raises(ConfigurationError, match="has no digest") as caught:
        running_test(pod_from(template(FLOATING)), NODE, FILE)

    assert caught.value.reason == "ImageNotPinned"


def test_a_pod_that_cannot_be_tested() -> None:
    pod = pod_from(template())
    node_of(pod)["env"] = pods.env(AVAGO_NETWORK_ID="")

    with pytest.raises(ConfigurationError) as caught:
        running_test(pod, NODE, FILE)
    assert caught.value.reason == "NetworkMissing"


@pytest.mark.parametrize("seconds", [-3600, -0.001, 0, 0.001, 86_400])
def test_a_test_never_ends_before_its_start(seconds: float) -> None:
    now = STARTED + timedelta(seconds=seconds)

    assert running().elapsed(now) == timedelta(seconds=max(0.0, seconds))
    assert running().end(now) == max(now, STARTED)


def test_what_it_started_from_is_in_the_details_alone() -> None:
    """The option is of `init`: without it in the fingerprint, each look would find another test."""
    assert FILE.fingerprint
    archive = "https://archives.example.com/fuji.tar.zst"
    file = replace(FILE, fingerprint={**FILE.fingerprint, "initial_db_archive": archive})
    test = running_test(pod_from(template()), NODE, file)

    entry = test.result(PASSED, end=STARTED, message="", disk_bytes=None, node_log="").entry()

    assert entry["initialDbArchive"] == archive
    assert entry["fingerprint"] == test.fingerprint.hash() != running().fingerprint.hash()


PASSED = Assessment(Reason.BOOTSTRAPPED, "well")


def test_result() -> None:
    end = STARTED + timedelta(hours=1)
    test = running_test(pod_from(template(annotations={names.RETEST_ANNOTATION: "7"})), NODE, FILE_OF_RETEST)

    entry = test.result(PASSED, end=end, message="well", disk_bytes=5, node_log="").entry()

    assert entry == {
        "schema": 1,
        "fingerprint": running().fingerprint.hash(),
        "retest": "7",
        "image": PINNED,
        "versions": {
            "application": "avalanchego/1.14.2",
            "commit": "",
            "database": "v1.4.5",
            "go": "1.25.1",
            "rpcchainvm": 44,
        },
        "network": "fuji",
        "syncMode": "c-chain-state-sync",
        "start": START,
        "end": end.isoformat(),
        "durationSeconds": 3600.0,
        "verdict": "passed",
        "reason": "Bootstrapped",
        "message": "well",
        "diskBytes": 5,
        "pod": "rig-0",
        "nodeLog": "",
    }


def test_a_failure_has_its_reason_and_the_end_of_the_log() -> None:
    failed = Assessment(Reason.CRASH_LOOP, "five restarts")
    entry = running().result(failed, end=STARTED, message="", disk_bytes=None, node_log="x" * 5000).entry()
    assert (entry["verdict"], entry["reason"], len(entry["nodeLog"])) == ("failed", "CrashLoop", 4096)


FILE_OF_RETEST = details_of(pod_from(template(annotations={names.RETEST_ANNOTATION: "7"})))


def test_its_own_result() -> None:
    test = running()
    own = test.result(PASSED, end=STARTED, message="", disk_bytes=None, node_log="")
    others = (replace(own, start="2024-04-01T00:00:00Z").entry(), replace(own, fingerprint="other").entry())

    def result_in(*entries: dict[str, object]) -> dict[str, object] | None:
        return test.result_in(stateful_set(annotations={names.RESULTS_ANNOTATION: results.encode(entries)}))

    assert test.result_in(stateful_set()) is None
    assert result_in(*others) is None
    assert result_in(*others, own.entry()) == own.entry()
    for verdict in ("aborted", None):
        assert result_in({**own.entry(), "verdict": verdict}) is None
