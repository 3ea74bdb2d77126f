"""After the verdict: is there another image to test?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from bootstrap_monitor.core import names, results
from bootstrap_monitor.core.fingerprint import Fingerprint
from bootstrap_monitor.core.stateful_set import StatefulSet


class Next(Enum):
    """What the probed digest means."""

    UNCHANGED = auto()
    """The image that was just tested."""
    ALREADY_TESTED = auto()
    """Another one, which has its verdict for this configuration: the tag moved back."""
    NEW = auto()
    """Another one, without a verdict."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A probed image."""

    digest: str
    versions: str


def assess(candidate: Candidate, tested: Fingerprint, stateful_set: StatefulSet) -> Next:
    """Compare digests, then results: one test per image."""
    if candidate.digest == tested.image:
        return Next.UNCHANGED
    entries = results.parse(stateful_set.annotation(names.RESULTS_ANNOTATION))
    fingerprint = replace(tested, image=candidate.digest).hash()
    return Next.ALREADY_TESTED if results.of_image(entries, fingerprint=fingerprint) else Next.NEW
