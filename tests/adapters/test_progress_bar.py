"""The progress bar, on a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archives import file, tar
from tests.support.programs import ROOT, SECONDS, environment

SHOW = """
from dataclasses import dataclass
from bootstrap_monitor.adapters import progress_bar

@dataclass
class Amounts:
    archive_bytes: int
    bytes_written: int = 0

with progress_bar.show("Restoring the database", TOTAL) as tell:
    for amounts in AMOUNTS:
        tell(amounts)
"""


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a Python whose stdout and stderr are one."""
    terminal, its_side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment({"TERM": "xterm", "COLUMNS": "120"}),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=its_side,
        stderr=its_side,
    )
    os.close(its_side)
    text = b"".join(chunks_of(terminal)).decode()
    os.close(terminal)
    return process.wait(SECONDS), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def chunks_of(terminal: int) -> Iterator[bytes]:
    """Until the other side is closed, which Linux tells by an error."""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


@pytest.mark.parametrize(
    ("total", "amounts", "shown"),
    [
        ("1 << 20", "[Amounts(0), Amounts(1 << 20)]", "1.0/1.0 MiB"),
        ("None", "[Amounts(0, 1 << 20)]", "1.0/?"),
    ],
    ids=["archive", "copy"],
)
def test_it_shows_what_is_done_and_how_much_of_it(total: str, amounts: str, shown: str) -> None:
    code, text = on_a_terminal("-c", SHOW.replace("TOTAL", total).replace("AMOUNTS", amounts))
    assert code == 0, text
    assert "Restoring the database" in text
    assert shown in text


def test_the_program_shows_it_on_a_terminal(tmp_path: Path) -> None:
    archive, volume = tmp_path / "a.tar", tmp_path / "volume"
    archive.write_bytes(tar(file("db/CURRENT", b"x" * 100_000)))
    volume.mkdir()
    words = ("restore", str(archive), f"--data-dir={volume}", "--reserve=0")
    code, text = on_a_terminal("-m", "bootstrap_monitor", *words)
    assert code == 0, text
    assert (volume / "db/CURRENT").exists()
    assert "Restoring the database" in text
    assert "━" in text
