"""A probe whose container runtime does not tell which digest of the asked repository it ran."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bootstrap_monitor.core import image as image_reference
from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.registry.cannot_tell import CannotTell, Reason
from bootstrap_monitor.errors import DeadlineExceeded, TransientError
from bootstrap_monitor.steps.probe import Probed, probe
from tests.support.manifests import DIGEST, FLOATING, NEXT_DIGEST, NEXT_VERSIONS, NODE, PINNED, POD, VERSIONS
from tests.support.outcomes import ran, waits
from tests.support.rig import Rig

TIMEOUT = timedelta(minutes=2)
UNTOLD = [f"registry.example:5000/other@{NEXT_DIGEST}", f"other@{DIGEST}", "sha256:" + "c" * 64, ""]


class FakeRegistry:
    """Names one digest for every tag, or cannot tell."""

    def __init__(self, digest: str | None = DIGEST) -> None:
        self.asked: list[str] = []
        self._digest = digest

    def digest(self, image: ImageReference) -> str:
        self.asked.append(str(image))
        if self._digest is None:
            raise CannotTell("the registry is away", reason=Reason.UNREACHABLE)
        return self._digest


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def run(rig: Rig, registry: FakeRegistry | None) -> Probed:
    return probe(
        rig.cluster,
        rig.clock,
        own_pod=rig.cluster.get_pod(POD),
        container=NODE,
        image=image_reference.parse(FLOATING),
        timeout=TIMEOUT,
        registry=registry,
    )


@pytest.mark.parametrize("image_id", UNTOLD)
def test_the_registry_is_asked_and_its_digest_is_run(rig: Rig, image_id: str) -> None:
    """By digest, it is certain whatever the runtime calls it; the versions are those of that run."""
    registry = FakeRegistry()
    rig.cluster.images = {FLOATING: ran(image_id, NEXT_VERSIONS), PINNED: ran(image_id, VERSIONS)}
    probed = run(rig, registry)
    assert (str(probed.image), probed.versions, registry.asked) == (PINNED, VERSIONS, [FLOATING])
    assert rig.cluster.calls.count("create_pod") == 2
    assert list(rig.cluster.pods) == [POD]


@pytest.mark.parametrize("image_id", UNTOLD)
@pytest.mark.parametrize(
    ("registry", "more"),
    [(None, ""), (FakeRegistry(None), "; nor does the registry: the registry is away")],
    ids=["no registry", "cannot tell"],
)
def test_a_digest_that_nobody_tells_is_to_be_tried_again(
    rig: Rig, image_id: str, registry: FakeRegistry | None, more: str
) -> None:
    rig.cluster.images[FLOATING] = ran(image_id)
    with pytest.raises(TransientError) as caught:
        run(rig, registry)
    assert caught.value.reason in {"ProbedAnotherRepository", "NoDigest"}
    assert caught.value.what.endswith(more or caught.value.what)
    assert list(rig.cluster.pods) == [POD]


def test_the_registry_is_not_asked_for_what_the_runtime_tells(rig: Rig) -> None:
    registry = FakeRegistry()
    run(rig, registry)
    assert registry.asked == []


def test_both_runs_together_take_no_longer_than_the_timeout(rig: Rig) -> None:
    rig.cluster.images = {FLOATING: ran("", after=({},) * 100), PINNED: waits({})}
    before = rig.clock.monotonic()
    with pytest.raises(DeadlineExceeded):
        run(rig, FakeRegistry())
    assert rig.clock.monotonic() - before < TIMEOUT.total_seconds() + 5
