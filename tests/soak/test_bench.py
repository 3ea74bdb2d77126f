from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.soak.__main__ import main
from tests.soak.test_planted_bugs import DetailsFirst

ROOT = Path(__file__).parents[2]


def test_days_without_a_violation_end_with_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--days", "2", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "seed 3, 2 days"
    assert [line.split()[0] for line in lines[2:4]] == ["1", "2"], "a line now and then"
    assert any(line.startswith("tests begun ") for line in lines)


def test_a_violation_is_told_with_its_seed_its_day_and_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--days", "14", "--seed", "1"], DetailsFirst()) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("seed 1, day 1, ")
    assert "begins on data of" in told[0]
    assert told[-1].startswith("day 1 ")


def test_the_script_passes_its_arguments_on() -> None:
    done = subprocess.run([ROOT / "scripts/bench/soak", "--help"], check=True, capture_output=True, text=True)
    assert "--days NUMBER" in done.stdout
