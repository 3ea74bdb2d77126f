"""The options that the program has."""

from __future__ import annotations

from tests.cli.in_process import program


def options_of(command: str) -> set[str]:
    """All, but ``--help``."""
    return {one for parameter in program().commands[command].params for one in parameter.opts if one.startswith("-")}


def variable(option: str) -> str:
    return "BOOTSTRAP_MONITOR_" + option.removeprefix("--").replace("-", "_").upper()
