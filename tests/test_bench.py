from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import ROOT, SECONDS

pytestmark = pytest.mark.slow

SIDECAR = ROOT / "scripts/bench/sidecar"
RESTORE = ROOT / "scripts/bench/restore"


def bench(script: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, script, *words], check=False, capture_output=True, text=True, timeout=4 * SECONDS
    )


def test_it_measures_the_program_beside_one_that_ends_early() -> None:
    done = bench(SIDECAR, "--runs", "1", "--", "/bin/false")
    assert (done.returncode, done.stderr) == (0, "")
    measured = dict(re.findall(r"^(\S.*?)  +(\d+) \(\d+-\d+\)", done.stdout, re.MULTILINE))
    assert {"start, ms", "resident after ten samples, MiB"} <= measured.keys()
    assert int(measured["node requests, a day of bootstrapping"]) >= 1440
    assert int(measured["api requests, a day after the verdict"]) >= 288
    assert "/bin/false: ended with 1 before the first request: it printed nothing" in done.stdout


def test_it_restores_beside_what_people_type(tmp_path: Path) -> None:
    done = bench(RESTORE, "--runs", "1", "--size", "2", "--disk", tmp_path, "--only", r"^(dd$|ours, .*, 4$)")
    assert (done.returncode, done.stderr) == (0, "")
    measured = dict(re.findall(r"^(\S.*?)  +[\d.]+  +([\d.]+)  +\([\d.]+-[\d.]+\) .* \d+$", done.stdout, re.MULTILINE))
    assert {
        "base: to a file, tar -xzf",
        "dd",
        "ours, a.tar.gz, 4",
        "ours, a.tar, 4",
        "ours, framed.tar.gz, 4",
    } <= measured.keys()
    assert measured["base: to a file, tar -xzf"] == "1.00"
    assert not [*tmp_path.iterdir()]


def test_what_ends_with_an_error_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"")
    done = bench(RESTORE, "--archives", tmp_path, "--runs", "1")
    assert done.returncode == 1
    assert "base: to a file, tar -xzf: ended with" in done.stderr
