"""``version``, by the program itself too."""

from __future__ import annotations

import pytest

from bootstrap_monitor import __version__
from tests.cli.in_process import Invoke
from tests.support.programs import PROGRAM, run


@pytest.mark.parametrize(
    ("commit", "printed"), [("", f"{__version__}\n"), ("abc123", f"{__version__} [commit=abc123]\n")]
)
def test_version(invoke: Invoke, commit: str, printed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_MONITOR_COMMIT", commit)
    result = invoke("version")
    assert (result.exit_code, result.stdout) == (0, f"bootstrap-monitor/{printed}")


def test_the_module_is_the_program() -> None:
    result = run("version", python=PROGRAM, BOOTSTRAP_MONITOR_COMMIT="")
    assert result.stdout == f"bootstrap-monitor/{__version__}\n"
