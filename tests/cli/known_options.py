"""The options that the program has."""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from bootstrap_monitor.cli import app


def options_of(command: str) -> set[str]:
    """All, but ``--help``."""
    known: Any = get_command(app)
    return {one for parameter in known.commands[command].params for one in parameter.opts if one.startswith("-")}


def variable(option: str) -> str:
    return "BOOTSTRAP_MONITOR_" + option.removeprefix("--").replace("-", "_").upper()
