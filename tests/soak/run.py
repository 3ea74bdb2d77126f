"""Run so many simulated days of one seed."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.soak.days import Days
from tests.soak.invariants import Violation
from tests.soak.program import Program
from tests.soak.progress import Progress
from tests.soak.simulation import DAY
from tests.soak.world import World


@dataclass(frozen=True)
class Report:
    """What happened in how many days."""

    seed: int
    days: int
    counts: Counter[str]


class SoakError(AssertionError):
    """An invariant did not hold."""


def run(
    seed: int,
    days: int,
    program: Program | None = None,
    *,
    happenings: Callable[[int, World], object] = Days,
    each_day: Callable[[World], None] = lambda world: None,
) -> Report:
    """Raises :class:`SoakError` with the day and the last events' story, once an invariant does not hold."""
    with _quiet(seed):
        world = World(seed, program or Program())
        happenings(seed, world)
        Progress(world)
        for day in range(1, days + 1):
            world.simulation.after(day * DAY - 1, lambda: each_day(world))
        try:
            world.simulation.run(days * DAY)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            what = str(error) if isinstance(error, Violation) else f"a bug: {error!r}"
            story = "\n".join(world.story)
            raise SoakError(f"seed {seed}, day {world.day}, {world.settings}: {what}\n{story}") from error
        return Report(seed, days, world.counts)


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Nothing is logged; the jitter of back-offs is drawn from the seed."""
    log, state = logging.getLogger("bootstrap_monitor"), random.getstate()
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    random.seed(f"{seed} jitter")
    try:
        yield
    finally:
        log.setLevel(level)
        random.setstate(state)
