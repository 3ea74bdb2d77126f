"""The program restores from a real server: what it says to whom it may not serve, and a server that dies meanwhile."""

from __future__ import annotations

import hashlib
import os
import random
import signal
from pathlib import Path

import pytest

from bootstrap_monitor.errors import ExitCode
from e2e.object_store.s3_server import SECRET_KEY, S3Server
from tests.support import programs
from tests.support.archives import tree_tar
from tests.support.framed_archives import framed_every
from tests.support.trees import read

MIB = 1024 * 1024
TREE = {"db": {f"{number:06}.ldb": random.Random(number).randbytes(2 * MIB) for number in range(64)}}
ARCHIVE = tree_tar(TREE)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
SIGNALS_ITSELF = """
import os, signal, sys
from bootstrap_monitor import cli, effects

number, entries = int(sys.argv.pop(1)), int(sys.argv.pop(1))

def count(name, moment):
    global entries
    if (name, moment) == ("restore.make entry", "after"):
        entries -= 1
        if entries == 0:
            os.kill(os.getpid(), number)

effects.observers.append(count)
cli.main()
"""
"""The program, which gets a signal when it has made so many entries."""


def signalled(number: signal.Signals, entries: int) -> tuple[str, ...]:
    return ("-c", SIGNALS_ITSELF, str(int(number)), str(entries))


def wait_until_stopped(process: programs.Program) -> None:
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), process.communicate()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param({"AWS_SECRET_ACCESS_KEY": "wr0ng"}, "SourceForbidden", id="wrong secret"),
        pytest.param({"AWS_ENDPOINT_URL": "store:9000"}, "SourceRefused", id="no endpoint"),
    ],
)
def test_refused(
    server: S3Server, tmp_path: Path, variables: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.put("db.tar", ARCHIVE[: 16 * MIB])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = programs.run("restore", f"{source}?a=query", "--data-dir", str(tmp_path))
    assert done.returncode == ExitCode.CONFIGURATION, done.stderr
    assert reason in done.stderr
    assert not any(secret in done.stderr + done.stdout for secret in (SECRET_KEY, "wr0ng", "a=query", "Traceback"))
    assert not (tmp_path / "db").exists()


def test_goes_on_after_the_server_was_killed(server: S3Server, tmp_path: Path) -> None:
    arguments = ("restore", server.put("db.tar", ARCHIVE), "--data-dir", str(tmp_path), "--sha256", SHA256)
    # At most what is read ahead has come by then, which is less than half.
    with programs.started(*arguments, python=signalled(signal.SIGSTOP, entries=1)) as process:
        wait_until_stopped(process)
        server.kill()
        server.start()
        process.send_signal(signal.SIGCONT)
        log, said = process.communicate(timeout=programs.SECONDS)
    assert process.returncode == ExitCode.DONE, said
    assert "; next try in" in log
    same = read(tmp_path / "db") == TREE["db"]
    assert same


def test_server_that_stays_away(server: S3Server, tmp_path: Path) -> None:
    source = server.put("db.tar", ARCHIVE)
    server.kill()
    done = programs.run("restore", source, "--data-dir", str(tmp_path), "--retry-budget", "1s")
    assert done.returncode == ExitCode.TRY_AGAIN
    assert "SourceUnreachable" in done.stderr


def test_goes_on_at_a_frame_in_a_new_process(server: S3Server, tmp_path: Path) -> None:
    framed = framed_every(ARCHIVE, 4 * MIB)
    arguments = ("restore", server.put("framed.tar.zst", framed.archive), "--data-dir", str(tmp_path))
    server.put("framed.tar.zst.json", framed.json)
    with programs.started(*arguments, "--retry-budget=1s", python=signalled(signal.SIGSTOP, entries=16)) as process:
        wait_until_stopped(process)
        server.kill()
        process.send_signal(signal.SIGCONT)
        _, said = process.communicate(timeout=programs.SECONDS)
    assert process.returncode == ExitCode.TRY_AGAIN, said
    server.start()
    first = tmp_path / "db/000000.ldb"
    before = first.stat().st_ino
    done = programs.run(*arguments)
    assert done.returncode == ExitCode.DONE, done.stderr
    assert first.stat().st_ino == before  # it was not made anew
    same = read(tmp_path / "db") == TREE["db"]
    assert same
