"""Ending the program before or after one of its effects, as SIGKILL would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bootstrap_monitor import effects


class Killed(BaseException):
    """No handler of errors catches it, like SIGKILL."""


@contextmanager
def killed_at(turn: int) -> Iterator[None]:
    """Raise :class:`Killed` in turn ``turn`` (from 1) of all the moments before and after effects; end the block."""
    left = turn

    def observe(name: str, moment: effects.Moment) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed(f"{moment} {name}")

    effects.observers.append(observe)
    try:
        yield
    except Killed:
        pass
    finally:
        effects.observers.remove(observe)


@contextmanager
def observed() -> Iterator[list[str]]:
    """The effects that happen meanwhile, as ``<moment> <name>``."""
    seen: list[str] = []

    def observe(name: str, moment: effects.Moment) -> None:
        seen.append(f"{moment} {name}")

    effects.observers.append(observe)
    try:
        yield seen
    finally:
        effects.observers.remove(observe)
