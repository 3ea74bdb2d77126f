"""The story: what is done, and by what state it is seen that it has had its effect."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

from e2e.demo.state import State, short
from e2e.kit.api import Json

TITLES = (
    "A first pod",
    "A reschedule in mid-test",
    "The new image passes",
    "A broken image",
    "A good one takes over",
    "The manifest is applied again",
)
_RATES = {"P": 2_100_000, "X": 60_000, "C": 7_300_000}
QUICK_SECONDS, LONG_SECONDS = 5, 9
DELETED_AT = 3 * _RATES["C"]
"""The C-Chain's height at which the pod is deleted: a third of the way."""


class Actor(Protocol):
    """What people do."""

    def push(self, script: Json) -> str:
        """An image of a node that behaves so, under the tag; answers the image by its digest."""
        ...

    def apply(self) -> None:
        """The manifest, at first or again."""
        ...

    def delete_pod(self) -> None:
        """As a drain of its machine does."""
        ...


class WrongTurnError(Exception):
    """What is awaited cannot come any more."""


@dataclass(frozen=True)
class Step:
    """Wait for something that shows in the state."""

    chapter: int
    """From 1."""
    doing: str
    """What is shown, in a sentence."""
    happened: Callable[[State], str | None]
    """What has just happened, in a sentence; ``None`` while it has not. May raise :class:`WrongTurnError`."""

    @property
    def title(self) -> str:
        return TITLES[self.chapter - 1]


Story = Generator[Step, State, None]
"""Is sent the state in which the step was seen."""


def syncing(seconds: int) -> Json:
    """To the scripted node: as long as a sync takes, with blocks on the way."""
    tips = {chain: rate * seconds for chain, rate in _RATES.items()}
    return {
        "healthyAfterSeconds": seconds,
        "blocksPerSecond": _RATES,
        "tips": tips,
        "keepsProgress": True,
        "diskBytes": seconds << 20,
    }


BROKEN: Json = {**syncing(2), "healthy": False}
"""Not a crash loop, nor a stall: whatever else writes to the disk of the volume would count as progress there."""


def story(actor: Actor) -> Story:
    first = actor.push(syncing(QUICK_SECONDS))
    actor.apply()
    yield Step(
        1,
        "The manifest names a tag. A probe pod runs it once for its digest, and the pod starts again with that.",
        lambda now: (
            f"the test is pinned to {short(first)}: the tag may move, the test does not" if _runs(now, first) else None
        ),
    )
    yield Step(
        1,
        "The node syncs on an empty volume; 3 healthy samples in a row with nothing left to bootstrap are a pass.",
        lambda now: _ended(now, first, "passed"),
    )

    second = actor.push(syncing(LONG_SECONDS))
    before = yield Step(
        2,
        "Another image was pushed under the tag: the monitor finds it, clears the volume and tests it.",
        lambda now: (
            f"{short(second)} is in mid-test, at C-Chain height {_height(now):,}" if _is_midway(now, second) else None
        ),
    )
    actor.delete_pod()
    yield Step(
        2,
        "The pod was deleted, as a drain of its machine does. Weeks of sync may be at stake: the test has to resume.",
        lambda now: _resumed(now, before),
    )
    yield Step(
        3,
        "The test goes on where it was, on the same data.",
        lambda now: _ended(now, second, "passed"),
    )

    third = actor.push(BROKEN)
    yield Step(
        4,
        "An image was pushed whose node syncs, but finds no peers: it is never healthy.",
        lambda now: _ended(now, third, "failed"),
    )

    fourth = actor.push(syncing(QUICK_SECONDS))
    last = yield Step(
        5,
        "A mended image was pushed. A broken one does not hold the rig.",
        lambda now: _ended(now, fourth, "passed"),
    )

    actor.apply()
    yield Step(
        6,
        "The manifest was applied again, as GitOps tools do, and the floating tag with it. The pod may be made anew; "
        "the test may not.",
        lambda now: _unchanged(now, last),
    )


def _runs(now: State, image: str) -> bool:
    """The node and its sidecar, in a pod of this image, which is pinned."""
    pod = now.pod
    there = pod is not None and pod.image == now.image == image and pod.status != "Terminating"
    return there and now.node is not None and now.start is not None


def _height(now: State) -> int:
    return now.node.heights.get("C", 0) if now.node else 0


def _is_midway(now: State, image: str) -> bool:
    return _runs(now, image) and _height(now) >= DELETED_AT and not now.result


def _resumed(now: State, before: State) -> str | None:
    """Another pod, the same test, and the node goes on with what it had."""
    if not _runs(now, before.image) or now.uid == before.uid or now.start != before.start:
        return None
    if _height(now) < _height(before):
        return None
    return f"another pod, the same test: begun at {clock_time(now.start)}, height {_height(now):,} and not 0"


def _ended(now: State, image: str, verdict: str) -> str | None:
    result = next((one for one in now.results if one.image == image), None)
    if not result:
        return None
    finding = result.message.partition(". ")[0]
    told = f"{short(image)} {result.verdict}: " + (finding if verdict == "passed" else f"{result.reason}, {finding}")
    if result.verdict != verdict:
        raise WrongTurnError(told)
    return told


def _unchanged(now: State, before: State) -> str | None:
    """Whether the pod was replaced or not, it is the same test with the same results."""
    if not _runs(now, before.image) or now.start != before.start or now.results != before.results:
        return None
    return f"pinned to {short(now.image)} again: the same test, with its verdict and its data"


def clock_time(start: str | None) -> str:
    """HH:MM:SS of RFC 3339."""
    return (start or "")[11:19]
