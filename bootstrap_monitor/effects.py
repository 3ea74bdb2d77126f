"""The list of everything that the program changes in the world.

Adapters mark each of their methods that has an effect with :func:`effect`. The registry is what lets a test kill the
program before and after every effect there is, without a list of its own that could fall behind.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Moment = Literal["before", "after"]
Observer = Callable[[str, Moment], None]

log = logging.getLogger(__name__)

names: list[str] = []
"""Every effect, as ``<outside system>.<what is done>``, in the order of definition."""

observers: list[Observer] = []
"""Called right before and right after each effect."""


def effect(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function that changes something outside of the process."""
    names.append(name)

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            log.debug("effect %s", name)
            for observe in observers:
                observe(name, "before")
            result = function(*args, **kwargs)
            for observe in observers:
                observe(name, "after")
            return result

        return wrapper

    return mark
