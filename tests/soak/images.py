"""Images of the node: what they do with the time that they are given, and the registry that has them."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from enum import Enum

from bootstrap_monitor.core.health import HttpAnswer
from bootstrap_monitor.core.json import JsonObject
from tests.soak.simulation import HOUR
from tests.support.manifests import REPOSITORY
from tests.support.outcomes import Outcome, ran, waiting, waits
from tests.support.rig import BOOTSTRAPPING, HEALTHY
from tests.support.rig import health as health_answer

KEPT = 200
"""No test runs for longer than it takes to push so many."""
UNHEALTHY = health_answer(healthy=False)


class Kind(Enum):
    """How an image turns out."""

    GOOD = "good"
    CRASHES = "crashes"
    STALLS = "stalls"
    UNHEALTHY = "unhealthy"
    LATE = "late"
    """Stalls for longer than the time-out, then goes on."""
    NOT_PULLED = "not pulled"
    """Not even by a probe."""
    VANISHES = "vanishes"
    """The probe gets it, the node's container does not."""


BROKEN = tuple(kind for kind in Kind if kind is not Kind.GOOD)


@dataclass(frozen=True)
class Image:
    """``sync_seconds`` is how long the node runs until it is bootstrapped; ``pause_seconds`` is of the late ones."""

    number: int
    kind: Kind
    sync_seconds: float
    pause_seconds: float = 0.0

    @property
    def digest(self) -> str:
        return f"sha256:{self.number:064x}"

    @property
    def pinned(self) -> str:
        return f"{REPOSITORY}@{self.digest}"

    @property
    def pullable(self) -> bool:
        return self.kind is not Kind.NOT_PULLED

    @property
    def _stalls_at(self) -> float:
        return 0.3 * self.sync_seconds

    def synced_seconds(self, ran_seconds: float) -> float:
        """How far a node is that has run so long, over all its starts."""
        if self.kind is Kind.CRASHES:
            return 0.0
        if self.kind is Kind.STALLS:
            return min(ran_seconds, self._stalls_at)
        if self.kind is Kind.LATE and ran_seconds > self._stalls_at:
            ran_seconds = max(self._stalls_at, ran_seconds - self.pause_seconds)
        return min(ran_seconds, self.sync_seconds)

    def bootstrapped(self, ran_seconds: float) -> bool:
        return self.synced_seconds(ran_seconds) >= self.sync_seconds

    def decided(self, ran_seconds: float) -> bool:
        """Whether all is to be seen that there will be; never of a late one."""
        if self.kind is Kind.STALLS:
            return ran_seconds >= self._stalls_at
        return self.kind in {Kind.CRASHES, Kind.VANISHES, Kind.NOT_PULLED} or (
            self.kind is not Kind.LATE and self.bootstrapped(ran_seconds)
        )

    def health(self, ran_seconds: float) -> HttpAnswer:
        if not self.bootstrapped(ran_seconds):
            return BOOTSTRAPPING
        return UNHEALTHY if self.kind is Kind.UNHEALTHY else HEALTHY

    def probe(self, looks: int) -> Outcome:
        """What a probe pod comes to, after so many looks."""
        if not self.pullable:
            return waits(waiting("ContainerCreating"), waiting("ErrImagePull", "not found"))
        versions = f'{{"application":"avalanchego/1.14.{self.number}","commit":""}}'
        creating: tuple[JsonObject, ...] = (waiting("ContainerCreating"),)
        return ran(self.pinned, versions, after=creating * looks)


class ImageRegistry:
    """The images, of which the tag names one. ``broken_share`` of what is pushed is broken."""

    def __init__(self, draw: random.Random, broken_share: float) -> None:
        self._draw = draw
        self._broken_share = broken_share
        self._recent: deque[Image] = deque(maxlen=KEPT)
        self._by_digest: dict[str, Image] = {}
        self._pushed = 0
        self.tag = self.push(Kind.GOOD)

    def push(self, kind: Kind | None = None) -> Image:
        """The next image, under the tag."""
        draw = self._draw
        if kind is None:
            kind = draw.choice(BROKEN) if draw.random() < self._broken_share else Kind.GOOD
        self._pushed += 1
        # From an hour to a day, most of them short.
        hours = draw.choice((1.0, 1.0, 1.5, 2.0, 3.0, 5.0, 24.0)) * draw.uniform(0.8, 1.0)
        return self.add(Image(self._pushed, kind, hours * HOUR, draw.uniform(1.5, 3.0) * HOUR))

    def add(self, image: Image) -> Image:
        """It is what the tag names now."""
        self.tag = image
        if len(self._recent) == KEPT:
            del self._by_digest[self._recent[0].digest]
        self._recent.append(self.tag)
        self._by_digest[self.tag.digest] = self.tag
        return self.tag

    def move_back(self) -> Image:
        """The tag names one of the last images again."""
        self.tag = self._draw.choice([*self._recent][-4:])
        return self.tag

    def image(self, reference: str) -> Image:
        """What a reference by digest or by the tag names."""
        digest = reference.partition("@")[2]
        return self._by_digest[digest] if digest else self.tag
