"""Which image an unpinned template is pinned to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bootstrap_monitor.core import image, names, results
from bootstrap_monitor.core.details import Details, DetailsFile, MalformedDetails, NoDetails
from bootstrap_monitor.core.init_acts import Pin
from bootstrap_monitor.core.init_decision import decide
from bootstrap_monitor.core.stateful_set import StatefulSet
from tests.support.objects import (
    DIGEST,
    FLOATING,
    OTHER_DIGEST,
    PINNED,
    REPOSITORY,
    START,
    VERSIONS,
    details_of,
    init_world,
    pod_from,
    stateful_set,
    template,
)

RUNNING = details_of(pod_from(template()))
HUB_PINNED = f"docker.io/avaplatform/avalanchego@{DIGEST}"


def pinned(
    file: DetailsFile,
    deployed: str = FLOATING,
    *,
    stateful: StatefulSet | None = None,
    option: str | None = None,
) -> Pin:
    decision = decide(
        init_world(pod_from(template(deployed)), stateful or stateful_set(template(deployed)), file, option=option)
    )
    assert decision.reason == "ImageNotPinned"
    assert isinstance(decision.act, Pin)
    return decision.act


def running(**fields: Any) -> Details:
    return replace(RUNNING, **fields)


def with_results(*entries: dict[str, Any]) -> StatefulSet:
    return stateful_set(template(FLOATING), annotations={names.RESULTS_ANNOTATION: results.encode(entries)})


@pytest.mark.parametrize(
    ("file", "deployed"),
    [
        pytest.param(RUNNING, FLOATING, id="same repository and tag"),
        pytest.param(running(tracked_tag=None), FLOATING, id="a file without a tag"),
        pytest.param(running(tracked_tag=None), f"{REPOSITORY}:v1", id="a file without a tag matches any"),
        pytest.param(RUNNING, REPOSITORY, id="no tag is latest"),
        pytest.param(running(image=f"{REPOSITORY}:latest@{DIGEST}"), FLOATING, id="tag beside the file's digest"),
        pytest.param(running(image=HUB_PINNED), "avaplatform/avalanchego:latest", id="Docker Hub, short"),
        pytest.param(running(image=HUB_PINNED), "index.docker.io/avaplatform/avalanchego", id="Docker Hub, old"),
        pytest.param(Details(PINNED, START), FLOATING, id="upstream's file"),
    ],
)
def test_the_digest_of_the_running_test(file: Details, deployed: str) -> None:
    act = pinned(file, deployed)

    repository = image.parse(deployed).repository
    assert act == Pin(image.parse(f"{repository}@{DIGEST}"), image.parse(deployed).effective_tag or "", file.versions)
    assert act.needs_probe is (file.versions is None)


@pytest.mark.parametrize(
    ("file", "deployed"),
    [
        pytest.param(NoDetails(), FLOATING, id="no file"),
        pytest.param(MalformedDetails("empty"), FLOATING, id="malformed"),
        pytest.param(running(image=f"{REPOSITORY}2@{DIGEST}"), FLOATING, id="another repository"),
        pytest.param(running(image=f"avaplatform/avalanchego@{DIGEST}"), FLOATING, id="another registry"),
        pytest.param(running(tracked_tag="v1"), FLOATING, id="another tag in the file"),
        pytest.param(RUNNING, f"{REPOSITORY}:v1", id="another tag deployed"),
        pytest.param(running(image=FLOATING), FLOATING, id="image without a digest"),
        pytest.param(running(image="No Image"), FLOATING, id="no image"),
    ],
)
def test_no_running_test_of_this_image(file: DetailsFile, deployed: str) -> None:
    act = pinned(file, deployed)

    tag = image.parse(deployed).effective_tag
    assert act == Pin(image.parse(f"{REPOSITORY}:{tag}"), tag or "")
    assert act.needs_probe


@pytest.mark.parametrize("known", [None, ""])
def test_without_versions_the_digest_is_probed(known: str | None) -> None:
    act = pinned(running(versions=known))

    assert act.image == image.parse(PINNED)
    assert act.needs_probe


def test_with_versions_nothing_is_probed() -> None:
    assert pinned(RUNNING) == Pin(image.parse(PINNED), "latest", VERSIONS)
    assert not pinned(RUNNING).needs_probe


RESULT = {"start": START, "image": PINNED, "fingerprint": "f", "verdict": "passed"}


@pytest.mark.parametrize(
    ("entry", "probed"),
    [
        pytest.param(RESULT, True, id="this test's"),
        pytest.param(RESULT | {"image": f"other/spelling@{DIGEST}"}, True, id="its image spelled otherwise"),
        pytest.param(RESULT | {"start": "2024-04-01T00:00:00Z"}, False, id="of an earlier test of the image"),
        pytest.param(RESULT | {"image": f"{REPOSITORY}@{OTHER_DIGEST}"}, False, id="of another image"),
    ],
)
def test_a_test_with_a_verdict_does_not_run(entry: dict[str, Any], probed: bool) -> None:
    assert pinned(RUNNING, stateful=with_results({"start": "x"}, entry)).needs_probe is probed


def test_the_option_is_the_tag_that_is_tracked() -> None:
    assert pinned(NoDetails(), option="latest") == Pin(image.parse(FLOATING), "latest")


def test_the_template_is_pinned_in_its_own_spelling_although_the_pod_has_another() -> None:
    decision = decide(
        init_world(
            pod_from(template("avaplatform/avalanchego")), stateful_set(template("docker.io/avaplatform/avalanchego"))
        )
    )

    assert decision.act == Pin(image.parse("docker.io/avaplatform/avalanchego:latest"), "latest")
