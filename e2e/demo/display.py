"""Where the story is shown: on a terminal's screen, or as lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from e2e.demo.plain import lines
from e2e.demo.screen import screen
from e2e.demo.state import State
from e2e.demo.telling import Scene


class Display(Protocol):
    """Is shown each look."""

    pause_seconds: float
    """What people get to read what has happened."""

    def show(self, scene: Scene, now: State) -> None: ...


@contextmanager
def display(*, plain: bool) -> Iterator[Display]:
    """The terminal's screen, which is as it was at the end; or lines to stdout."""
    if plain:
        yield _Lines()
        return
    with Live(screen=True, auto_refresh=False) as live:
        yield _Screen(live)


class _Lines:
    pause_seconds = 0.0

    def __init__(self) -> None:
        self._before: tuple[Scene, State] | None = None

    def show(self, scene: Scene, now: State) -> None:
        for line in lines(self._before, scene, now):
            print(line, flush=True)
        self._before = scene, now


class _Screen:
    pause_seconds = 2.0

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, scene: Scene, now: State) -> None:
        console: Console = self._live.console
        self._live.update(screen(scene, now, console.width, console.height), refresh=True)
