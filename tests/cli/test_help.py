"""The help: complete, and quick because it imports little."""

from __future__ import annotations

import pytest

from tests.cli.in_process import Invoke
from tests.cli.known_options import options_of, variable
from tests.support.programs import run

NOT_NEEDED = {
    "kubernetes",
    "httpx",
    "urllib3",
    "tenacity",
    "obstore",
    "orjson",
    "rich",
    "pydantic",
    "bootstrap_monitor.log_formatters",
    "bootstrap_monitor.core.image",
    "bootstrap_monitor.core.registry.endpoint",
}
LOADED = f"""
import sys
from bootstrap_monitor import cli
try:
    cli.main()
finally:
    print("LOADED:", sorted({NOT_NEEDED} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["init", "--help"], ["wait-for-completion", "--help"], ["restore", "--help"], ["version"]]
)
def test_help_imports_little(words: list[str]) -> None:
    result = run(*words, python=("-c", LOADED))
    assert result.returncode == 0, result.stderr
    assert "LOADED: []" in result.stdout


@pytest.mark.parametrize("command", ["init", "wait-for-completion", "restore"])
def test_help_is_complete(invoke: Invoke, command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "Example" in text
    for option in options_of(command):
        assert f"{option} " in text
        assert variable(option) in text.replace(" ", ""), "in a column of its own, the longest are broken"
