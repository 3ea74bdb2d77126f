"""After the verdict: is there another image to test?"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

from bootstrap_monitor.core import names, results
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.results import Verdict
from bootstrap_monitor.core.stateful_set import StatefulSet


class Next(Enum):
    """What a digest under the tag means."""

    UNCHANGED = auto()
    """The image that was just tested."""
    ALREADY_TESTED = auto()
    """Another one, which has its verdict for this configuration: the tag moved back."""
    NEW = auto()
    """Another one, without a verdict."""


def is_due(verdict: Verdict | None, on_failure: OnFailure) -> bool:
    """Whether to look for another image: not before the verdict."""
    return verdict is not None and not (verdict is Verdict.FAILED and on_failure is OnFailure.HOLD)


def assess(digest: str, tested: Fingerprint, stateful_set: StatefulSet, *, also: frozenset[str] = frozenset()) -> Next:
    """Compare digests, then results: one test per image.

    ``also`` are other digests of the same image: those that an index lists.
    """
    digests = {digest, *also}
    if tested.image in digests:
        return Next.UNCHANGED
    entries = results.parse(stateful_set.annotation(names.RESULTS_ANNOTATION))
    fingerprints = [replace(tested, image=one).hash() for one in digests]
    known = any(results.of_image(entries, fingerprint=fingerprint) for fingerprint in fingerprints)
    return Next.ALREADY_TESTED if known else Next.NEW
