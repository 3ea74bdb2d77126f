from __future__ import annotations

import re
import subprocess
import sys

from tests.support.programs import ROOT, SECONDS

SIDECAR = ROOT / "scripts/bench/sidecar"


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SIDECAR, *words], check=False, capture_output=True, text=True, timeout=4 * SECONDS
    )


def test_it_measures_the_program_beside_one_that_ends_early() -> None:
    done = bench("--runs", "1", "--", "/bin/false")
    assert (done.returncode, done.stderr) == (0, "")
    measured = dict(re.findall(r"^(\S.*?)  +(\d+) \(\d+-\d+\)", done.stdout, re.MULTILINE))
    assert {"start, ms", "resident after ten samples, MiB"} <= measured.keys()
    assert int(measured["node requests, a day of bootstrapping"]) >= 1440
    assert int(measured["api requests, a day after the verdict"]) >= 288
    assert "/bin/false: ended with 1 before the first request: it printed nothing" in done.stdout
