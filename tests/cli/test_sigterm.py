"""SIGTERM ends the real program with 143, whatever it is doing. How fast, the scenarios on a cluster tell."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bootstrap_monitor.errors import ExitCode
from tests.cli.served import Served
from tests.support.http_server import Handler, ScriptedServer, answer, hang
from tests.support.manifests import PINNED, POD
from tests.support.programs import SECONDS, Program
from tests.support.rig import HEALTHY

DEAD_VOLUME = """
import os, sys, threading
def scandir(path):
    print("SCANNING", flush=True)
    threading.Event().wait()
os.scandir = scandir
from bootstrap_monitor import cli
cli.main()
"""
"""The folders of the volume are never read: so is an NFS server that is away."""

DYING_WITH_AN_ERROR = """
import os, signal
from bootstrap_monitor import cli, effects
effects.observers.append(lambda name, moment: os.kill(os.getpid(), signal.SIGTERM))
cli.main()
"""
"""SIGTERM comes while the error is told: the termination message is the only effect."""

IN_A_FINALIZER = """
import os, signal, threading
from bootstrap_monitor import cli, effects
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
def observer(name, moment):
    Finalized()
    threading.Event().wait()
effects.observers.append(observer)
cli.main()
"""
"""What is raised there goes no further."""

SLOW_START = """
import sys, threading
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            print("IMPORTING", flush=True)
            threading.Event().wait()
sys.meta_path.insert(0, Slow())
from bootstrap_monitor.__main__ import main
main()
"""
"""A processor that is busy with others: imports take seconds."""


def end(process: Program) -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in out + err
    return process.returncode, out


def read_until(process: Program, text: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"it ended without saying {text!r}: {process.communicate()}")


@contextmanager
def node(*steps: Callable[[Handler], None]) -> Iterator[str]:
    with ScriptedServer(*steps) as server:
        yield server.url


def test_a_program_that_has_not_begun(served: Served) -> None:
    with served.start("init", python=("-c", SLOW_START)) as process:
        read_until(process, "IMPORTING")
        assert end(process)[0] == ExitCode.TERMINATED


def test_a_finalizer_that_swallows_it(served: Served) -> None:
    with served.start("init", python=("-c", IN_A_FINALIZER)) as process:
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == ExitCode.TERMINATED
    assert "Traceback" not in out + err


def test_init_that_waits_for_it(served: Served) -> None:
    served.rig.cluster.pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
    with served.start("init") as process:
        read_until(process, "PodTerminating")
        code, out = end(process)
    assert code == ExitCode.TERMINATED
    assert json.loads(out.splitlines()[-1])["msg"] == "Ended by SIGTERM"


def test_init_that_deleted_its_pod(served: Served) -> None:
    with served.start("init") as process:
        served.rig.cluster.on_delete = lambda pod: process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == ExitCode.TERMINATED
    assert served.rig.cluster.deletions[-1]["name"] == POD


def test_a_sidecar_that_sleeps(served: Served) -> None:
    served.pinned(PINNED)
    with node(answer(503, b"")) as uri, served.start("wait-for-completion", f"--node-uri={uri}") as process:
        read_until(process, "Node reported unhealthy")
        assert end(process)[0] == ExitCode.TERMINATED


@pytest.mark.parametrize("command", ["init", "wait-for-completion"])
def test_an_api_that_never_answers(served: Served, command: str) -> None:
    with asked() as (url, wait):
        served.url = url
        with served.start(command) as process:
            wait()
            assert end(process)[0] == ExitCode.TERMINATED


def test_a_node_that_never_answers(served: Served) -> None:
    served.pinned(PINNED)
    with asked() as (uri, wait), served.start("wait-for-completion", f"--node-uri={uri}") as process:
        wait()
        assert end(process)[0] == ExitCode.TERMINATED


@contextmanager
def asked() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server that never answers; the function waits until it has been asked."""
    event = threading.Event()

    def step(handler: Handler) -> None:
        event.set()
        hang()(handler)

    def wait() -> None:
        assert event.wait(SECONDS)

    with ScriptedServer(step) as server:
        yield server.url, wait


def test_a_sidecar_that_counts_the_disk_usage_of_a_dead_volume(served: Served) -> None:
    served.pinned(PINNED)
    words = ("wait-for-completion", "--healthy-samples=1")
    with (
        node(answer(200, HEALTHY.body)) as uri,
        served.start(*words, f"--node-uri={uri}", python=("-c", DEAD_VOLUME)) as process,
    ):
        read_until(process, "SCANNING")
        assert end(process)[0] == ExitCode.TERMINATED
    assert served.rig.results() == []


def test_a_program_that_is_telling_an_error(served: Served) -> None:
    with served.start("wait-for-completion", python=("-c", DYING_WITH_AN_ERROR)) as process:
        _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == ExitCode.TERMINATED
    assert "Traceback" not in err
