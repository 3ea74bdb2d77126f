"""SIGKILL of ``init`` right before and right after each of its effects: what follows converges, on clean data.

The effects are those that the adapters themselves have registered: a new one comes into this table by itself, and
fails until a scenario reaches it.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from bootstrap_monitor import adapters, effects
from tests.faults.scenarios import SCENARIOS
from tests.faults.world import SIGKILLED
from tests.support.manifests import PINNED, POD

for module in pkgutil.walk_packages(adapters.__path__, f"{adapters.__name__}."):
    import_module(module.name)

EFFECTS = tuple(effects.names)
MOMENTS: tuple[effects.Moment, ...] = ("before", "after")

Reached = dict[str, Counter[str]]


@pytest.fixture(scope="session")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Reached:
    """How often the first run of each scenario comes by each moment, when nobody kills it."""
    found: Reached = {}
    for name, make in SCENARIOS.items():
        world = make(tmp_path_factory.mktemp("unharmed"))
        world.converge()
        found[name] = Counter(world.effects[0])
    return found


def test_there_are_effects() -> None:
    assert len(EFFECTS) >= 8


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_is_killed_converges(
    effect: str, moment: effects.Moment, reached: Reached, tmp_path_factory: pytest.TempPathFactory
) -> None:
    what = f"{moment} {effect}"
    by_scenario = {name: counter[what] for name, counter in reached.items() if counter[what]}
    assert by_scenario, f"no scenario of tests/faults/scenarios.py comes by: {what}"
    for name, times in by_scenario.items():
        for turn in sorted({1, times}):
            world = SCENARIOS[name](tmp_path_factory.mktemp("killed"))
            try:
                world.converge(f"{turn} {what}")
            except AssertionError as error:
                error.add_note(f"killed at: {what} ({turn} of {times}), scenario: {name}, log: {world.folder / 'log'}")
                raise
            assert world.codes[0] == SIGKILLED


def test_a_node_that_has_started_keeps_its_data(tmp_path: Path) -> None:
    """However often its pod is made anew."""
    world = SCENARIOS["first start"](tmp_path)
    world.converge()
    world.rig.put_node_data(PINNED)
    world.keeps_data = True
    world.rig.cluster.delete_pod(POD)
    world.rig.cluster.settle()
    world.converge()
