"""What the program owes: it is looked at now and then, and has to be done some undisturbed time after it was due."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap_monitor.core.on_failure import OnFailure
from tests.soak.images import Kind
from tests.soak.invariants import Violation
from tests.soak.server import config_of
from tests.soak.simulation import HOUR, MINUTE
from tests.soak.world import World

LOOK_SECONDS = 20 * MINUTE


@dataclass(frozen=True)
class Due:
    """What is to happen within so many seconds in which nothing comes in the way."""

    what: str
    seconds: float


def due(world: World) -> Due | None:
    """The one thing that is next; ``None``: to wait is right."""
    run, test = world.run, world.invariants.current
    if run.node is None:
        # Pins and self-deletions are limited in each ten minutes; a probe takes its time-out; back-offs come on top.
        return Due("init is done", 1.5 * HOUR) if world.images.tag.pullable else None
    if test is None:
        return None
    if "@" not in world.server.template_image():
        return Due("the pin is put back", 1 * HOUR)
    if not test.verdict:
        kind = test.image.kind
        if kind in {Kind.GOOD, Kind.LATE}:
            return Due(f"the test of {test.start} passes", 1 * HOUR) if run.node.healthy else None
        return Due(f"the test of {test.start} fails", 2.5 * HOUR) if run.node.decided else None
    if test.verdict == "failed" and world.settings.on_failure is OnFailure.HOLD:
        return None
    tag, config = world.images.tag, config_of(run.pod)
    if tag.pullable and not world.invariants.has_verdict(tag, config) and tag.digest != test.image.digest:
        return Due(f"image {tag.number} gets its turn", 1 * HOUR)
    return None


class Progress:
    """Looks, as long as the simulation goes on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._due: Due | None = None
        self._since = 0.0
        self._again()

    def _again(self) -> None:
        self._world.simulation.after(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        now, found = self._world.simulation.now, due(self._world)
        if found != self._due:
            self._due, self._since = found, now
        since = max(self._since, self._world.disturbed)
        if found and now - since > found.seconds:
            raise Violation(f"not in {(now - since) / HOUR:.1f} undisturbed hours: {found.what}")
        self._world.look_at_probes()
        self._again()
