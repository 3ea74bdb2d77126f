"""Fourteen days of a rig, in about a second each: no invariant breaks, and there was something to break it."""

from __future__ import annotations

import gc
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from typing import ClassVar

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.adapters import kube
from bootstrap_monitor.adapters import volume as volume_adapters
from bootstrap_monitor.commands import wait
from bootstrap_monitor.core.verdict.history import History
from bootstrap_monitor.steps.node_watch import NodeWatch
from tests.soak import client, volume
from tests.soak.days import Days
from tests.soak.images import Image, Kind
from tests.soak.program import Program, Surroundings
from tests.soak.run import run
from tests.soak.simulation import DAY
from tests.soak.world import World

DAYS = 14


@pytest.mark.parametrize("seed", range(1, 21))
def test_fourteen_days(seed: int) -> None:
    counts = run(seed, DAYS).counts
    assert counts["tests begun"] >= 20
    assert counts["passed: Bootstrapped"] >= 10
    assert counts["starts on own data"] >= 10, "tests are resumed"


def test_a_seed_tells_all_that_happens() -> None:
    assert run(3, 2) == run(3, 2)


def test_the_program_can_be_killed_at_each_effect_of_the_adapters() -> None:
    for module in (kube, volume_adapters):
        for found in pkgutil.iter_modules(module.__path__, f"{module.__name__}."):
            import_module(found.name)
    known = {*client.EFFECTS.values(), *volume.EFFECTS}
    assert known == {name for name in effects.names if name.startswith(("kube.", "volume."))}


def months(seed: int, world: World) -> None:
    """Nothing happens, to a test that takes for ever."""
    world.images.add(Image(10**6, Kind.GOOD, 1000 * DAY))


def counted(days: tuple[int, int], happenings: Callable[[int, World], object], program: Program) -> int:
    """How many blocks of memory more there are on the later day."""
    numbers = {}

    def count(world: World) -> None:
        if world.day in days:
            gc.collect()
            numbers[world.day] = sys.getallocatedblocks()

    run(4, days[1], program, happenings=happenings, each_day=count)
    return numbers[days[1]] - numbers[days[0]]


class KeepsSamples(Program):
    """Remembers all that it has seen."""

    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        made = super().sidecar(around)
        watch = made.watch
        made.watch = _KeepsSamples(**{item.name: getattr(watch, item.name) for item in fields(watch)})
        return made


class _KeepsSamples(NodeWatch):
    _kept: ClassVar[list[History]] = []

    def look(self) -> None:
        super().look()
        if self._history:
            self._kept.append(self._history)


@pytest.mark.slow
def test_memory_is_flat() -> None:
    assert counted((9, 16), Days, Program()) < 1500
    assert counted((2, 6), months, Program()) < 500
    assert counted((2, 6), months, KeepsSamples()) > 2000, "what grows is seen"
