from __future__ import annotations

from collections.abc import Iterator

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.adapters import termination_message
from bootstrap_monitor.adapters.kube import api as kube
from bootstrap_monitor.adapters.volume import clear, details_file

ADAPTERS = [clear, details_file, kube, termination_message]


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str]]]:
    """What observers are told meanwhile."""
    events: list[tuple[str, str]] = []

    def observe(name: str, moment: effects.Moment) -> None:
        events.append((name, moment))

    effects.observers.append(observe)
    yield events
    effects.observers.remove(observe)


@pytest.fixture
def names() -> Iterator[list[str]]:
    """The registry, restored afterwards."""
    before = list(effects.names)
    yield effects.names
    effects.names[:] = before


def test_an_effect_is_registered_when_it_is_defined(names: list[str]) -> None:
    @effects.effect("world.change")
    def change() -> None:
        """Change it."""

    assert names[-1] == "world.change"
    assert (change.__name__, change.__doc__) == ("change", "Change it.")


def test_observers_are_told_before_and_after(names: list[str], seen: list[tuple[str, str]]) -> None:
    @effects.effect("world.change")
    def change(by: int, *, twice: bool) -> int:
        seen.append(("the change", ""))
        return by * (2 if twice else 1)

    assert change(21, twice=True) == 42
    assert seen == [("world.change", "before"), ("the change", ""), ("world.change", "after")]


def test_an_effect_that_fails_has_no_after(names: list[str], seen: list[tuple[str, str]]) -> None:
    @effects.effect("world.change")
    def change() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        change()
    assert seen == [("world.change", "before")]


def test_an_observer_can_kill_before_the_effect(names: list[str]) -> None:
    done = []

    def kill(name: str, moment: effects.Moment) -> None:
        raise KeyboardInterrupt

    @effects.effect("world.change")
    def change() -> None:
        done.append(1)

    effects.observers.append(kill)
    try:
        with pytest.raises(KeyboardInterrupt):
            change()
    finally:
        effects.observers.remove(kill)
    assert done == []


def test_names_of_effects_are_unique_and_tell_the_system() -> None:
    assert ADAPTERS
    assert len(set(effects.names)) == len(effects.names)
    assert all(name.partition(".")[2] for name in effects.names)
    assert {
        "kube.create pod",
        "kube.delete pod",
        "kube.patch stateful set",
        "volume.remove entry",
        "volume.remove details",
        "volume.set aside details",
        "volume.write temporary details",
        "volume.rename details",
        "termination message.write",
    } <= set(effects.names)
