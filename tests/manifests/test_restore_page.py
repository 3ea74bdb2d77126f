"""docs/restore.md tells of every option and every reason that a restore has."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command

import bootstrap_monitor
from bootstrap_monitor.cli import app
from e2e.kit import shipped

PAGE = (shipped.MANIFESTS.parent / "docs/restore.md").read_text(encoding="utf-8")
REASON = re.compile(r'(?:reason=|^[A-Z_]+ = )"((?:[A-Z][a-z]+){2,})"', re.MULTILINE)
PACKAGE = shipped.MANIFESTS.parent / bootstrap_monitor.__name__
PLACES = [
    "core/archive/*.py",
    "core/restore/*.py",
    "adapters/archive/*.py",
    "adapters/archive_source/*.py",
    "steps/archive_metadata.py",
    "steps/restoring.py",
    "steps/starting.py",
    "commands/restore.py",
]


def rows(heading: str) -> dict[str, list[str]]:
    """The table below ``heading``: the other cells of each row by each name in backquotes in its first cell."""
    table = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in table.splitlines() if line.startswith("| `")]
    return {name: cells[1:] for cells in lines for name in re.findall(r"`(-*\w[\w-]*)", cells[0])}


def options(command: str) -> set[str]:
    group: Any = get_command(app)
    return {name for option in group.commands[command].params for name in [*option.opts, *option.secondary_opts]}


@pytest.mark.parametrize("place", PLACES)
def test_each_reason_is_explained(place: str) -> None:
    files = list(PACKAGE.glob(place))
    assert files
    reasons = {reason for file in files for reason in REASON.findall(file.read_text(encoding="utf-8"))}
    explained = rows("Troubleshooting")
    assert reasons - set(explained) == set()
    assert {explained[reason][0] for reason in reasons} <= {"75", "78"}


def test_each_option_is_listed() -> None:
    ours = options("restore")
    assert {name for name in rows("Options") if name.startswith("--")} | {"SOURCE"} == {
        name if name.startswith("--") else name.upper() for name in ours
    }


def test_init_has_them_with_a_prefix() -> None:
    of_init = {"--initial-db-archive"} | {
        name.replace("--", "--initial-db-") for name in options("restore") - options("init") if name.startswith("--")
    }
    assert of_init == {name for name in options("init") if name.startswith("--initial-db-")}
