"""``restore`` that is ended in the archive's middle: where the next process goes on."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.errors import ExitCode
from tests.cli.restored import CONTENT, DATABASE, Restored, assert_no_secret, messages
from tests.support.programs import SECONDS

HALF = 24 * 64 * 1024


def size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, ExitCode.TERMINATED)], ids=["KILL", "TERM"]
)
def test_a_download_goes_on_at_the_byte(restored: Restored, tmp_path: Path, how: signal.Signals, code: int) -> None:
    staging = tmp_path / "staging"
    staged = staging / "bootstrap-restore.part"
    words = (f"--staging-dir={staging}", "--connections=1")
    restored.server.hold(HALF)
    with restored.start(*words) as program:
        restored.server.wait_until(lambda: restored.server.sent >= HALF)
        wait_until(lambda: bool(size_of(staged)))
        program.send_signal(how)
        assert program.wait(60) == code
    there = size_of(staged)
    assert 0 < there <= HALF
    assert restored.marker
    assert restored.marker.state is State.RESTORING

    restored.server.release()
    restored.server.wait_until_idle()
    before = restored.server.sent
    ended = restored.run(*words)
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert f"bytes={there}-" in restored.server.ranges_asked
    assert restored.server.sent - before <= len(CONTENT) - there + 1, "and a byte to resolve"
    assert restored.database == DATABASE
    assert list(staging.iterdir()) == []
    assert_no_secret(restored, ended)


def test_without_a_staging_folder_it_starts_over_and_says_so(restored: Restored) -> None:
    restored.server.hold(HALF)
    with restored.start() as program:
        restored.server.wait_until(lambda: restored.server.sent >= HALF)
        program.kill()
        program.wait(60)
    restored.server.release()
    ended = restored.run()
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert "The restore starts over: there is no frame to go on from" in messages(ended)
    assert restored.database == DATABASE
