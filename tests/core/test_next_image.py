from __future__ import annotations

from dataclasses import replace

import pytest

from bootstrap_monitor.core import names, next_image, results
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.next_image import Next
from tests.support.objects import DIGEST, OTHER_DIGEST, own_fingerprint, pod_from, stateful_set, template

TESTED = own_fingerprint(pod_from(template()))
THIRD_DIGEST = "sha256:" + "3" * 64
OTHER = replace(TESTED, image=OTHER_DIGEST)


@pytest.mark.parametrize(
    ("digest", "with_verdict", "expected"),
    [
        pytest.param(DIGEST, [], Next.UNCHANGED, id="the same"),
        pytest.param(DIGEST, [TESTED], Next.UNCHANGED, id="the same, with its verdict"),
        pytest.param(OTHER_DIGEST, [TESTED], Next.NEW, id="another"),
        pytest.param(OTHER_DIGEST, [TESTED, OTHER], Next.ALREADY_TESTED, id="back to a tested one"),
        pytest.param(OTHER_DIGEST, [replace(OTHER, retest="1")], Next.ALREADY_TESTED, id="tested by a retest"),
        pytest.param(OTHER_DIGEST, [replace(OTHER, network="local")], Next.NEW, id="tested on another network"),
        pytest.param(OTHER_DIGEST, [replace(OTHER, chain_config="{}")], Next.NEW, id="tested with another config"),
    ],
)
def test_what_a_digest_means(digest: str, with_verdict: list[Fingerprint], expected: Next) -> None:
    entries = [{"fingerprint": fingerprint.hash()} for fingerprint in with_verdict]
    stateful = stateful_set(annotations={names.RESULTS_ANNOTATION: results.encode(entries)})

    assert next_image.assess(digest, TESTED, stateful) is expected


@pytest.mark.parametrize(
    ("also", "with_verdict", "expected"),
    [
        pytest.param({DIGEST}, [], Next.UNCHANGED, id="the tested one is listed"),
        pytest.param({DIGEST, THIRD_DIGEST}, [replace(TESTED, image=THIRD_DIGEST)], Next.UNCHANGED, id="both"),
        pytest.param(
            {THIRD_DIGEST}, [replace(TESTED, image=THIRD_DIGEST)], Next.ALREADY_TESTED, id="one with a verdict"
        ),
        pytest.param({THIRD_DIGEST}, [TESTED], Next.NEW, id="another"),
    ],
)
def test_digests_of_one_image(also: set[str], with_verdict: list[Fingerprint], expected: Next) -> None:
    entries = [{"fingerprint": fingerprint.hash()} for fingerprint in with_verdict]
    stateful = stateful_set(annotations={names.RESULTS_ANNOTATION: results.encode(entries)})

    assert next_image.assess(OTHER_DIGEST, TESTED, stateful, also=frozenset(also)) is expected


def test_without_results() -> None:
    assert next_image.assess(OTHER_DIGEST, TESTED, stateful_set()) is Next.NEW
