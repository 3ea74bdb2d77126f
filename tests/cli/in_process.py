"""The program in the tests' own process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from typer.main import get_command

from bootstrap_monitor.cli import app


@dataclass(frozen=True)
class Ended:
    """A run of it."""

    exit_code: object
    stdout: str
    stderr: str


Invoke = Callable[..., Ended]


@cache
def program() -> Any:
    """The group of commands, made once: typer looks through each option's type for that."""
    return get_command(app)
