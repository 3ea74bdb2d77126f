"""Tells the story: does each step, looks, shows what is seen, until the step has had its effect."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from e2e.demo.state import State
from e2e.demo.story import Step, Story, WrongTurnError
from e2e.kit.api import RefusedError

POLL_SECONDS = 0.3
LIMIT_SECONDS = 120.0
"""For a step. The longest takes half a minute; a cluster may have to pull images first."""


@dataclass(frozen=True)
class Scene:
    """Where the story is."""

    step: Step
    happened: str
    """What was seen last, in a sentence; empty at first."""
    seconds: float
    """Since the beginning."""


class NotSeenError(Exception):
    """A step had no effect in time, or a wrong one."""

    def __init__(self, scene: Scene, state: State, why: str) -> None:
        super().__init__(f"chapter {scene.step.chapter}, {scene.step.title}: {why}\n  awaited: {scene.step.doing}")
        self.state = state


def tell(
    story: Story,
    look: Callable[[], State],
    show: Callable[[Scene, State], None],
    *,
    pause_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Scene, State]:
    """The last scene. ``pause_seconds`` is the time that people get to read what has happened.

    :raises NotSeenError: with the state as it was then.
    """
    begun = clock()
    step, now, happened = next(story), State(), ""
    while True:
        seen = False
        until = clock() + LIMIT_SECONDS
        trouble = f"nothing of it was seen in {LIMIT_SECONDS:.0f} s"
        while clock() < until:
            try:
                now = look()
            except (RefusedError, httpx.TransportError, OSError) as error:
                trouble = f"the last look failed: {error!r}"
            scene = Scene(step, happened, clock() - begun)
            try:
                told = None if seen else step.happened(now)
            except WrongTurnError as wrong:
                raise NotSeenError(scene, now, str(wrong)) from wrong
            if told:
                seen, happened, until = True, told, clock() + pause_seconds
                scene = Scene(step, happened, clock() - begun)
            show(scene, now)
            sleep(POLL_SECONDS)
        if not seen:
            raise NotSeenError(scene, now, trouble)
        try:
            step = story.send(now)
        except StopIteration:
            return scene, now
