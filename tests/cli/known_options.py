"""The options that the program has, and what it says to words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from typer.main import get_command

from bootstrap_monitor.cli import app


@dataclass(frozen=True)
class Ended:
    """A run in this process."""

    exit_code: object
    stdout: str
    stderr: str


Invoke = Callable[..., Ended]


@cache
def program() -> Any:
    """The group of commands, made once: typer looks through each option's type for that."""
    return get_command(app)


def options_of(command: str) -> set[str]:
    """All, but ``--help``."""
    return {one for parameter in program().commands[command].params for one in parameter.opts if one.startswith("-")}


def variable(option: str) -> str:
    return "BOOTSTRAP_MONITOR_" + option.removeprefix("--").replace("-", "_").upper()
