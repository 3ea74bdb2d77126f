"""SIGTERM in the midst of ``init``'s work: it ends with 143, and the next start makes it whole."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.errors import ExitCode
from tests.cli.served import Served
from tests.support.cluster_http import serve
from tests.support.http_server import Request, Step, hang
from tests.support.manifests import FLOATING, NEXT, PINNED, POD, details, template_image
from tests.support.outcomes import waits
from tests.support.programs import SECONDS, Program
from tests.support.rig import Rig

AT_AN_EFFECT = """
import os, signal, sys
from bootstrap_monitor import cli, effects
wanted = os.environ["WANTED"]
def observe(name, moment):
    if f"{moment} {name}" == wanted:
        os.kill(os.getpid(), signal.SIGTERM)
effects.observers.append(observe)
cli.main()
"""
VOLUME_EFFECTS = ("remove details", "remove entry", "write temporary details", "rename details")


def ended(process: Program) -> int:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in out + err
    return process.returncode


@pytest.mark.parametrize("effect", VOLUME_EFFECTS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_clearing_is_never_taken_for_done(served: Served, effect: str, moment: str) -> None:
    served.pinned(PINNED)
    served.rig.write_details(details(NEXT))
    served.rig.put_node_data(NEXT)

    first = served.run("init", python=("-c", AT_AN_EFFECT), WANTED=f"{moment} volume.{effect}")
    assert first.returncode == ExitCode.TERMINATED, "never 0: the node must not start"
    assert json.loads(first.stdout.splitlines()[-1])["msg"] == "Ended by SIGTERM"
    if served.rig.files():
        assert (served.rig.read_details() or {}).get("image") != PINNED, "not yet"

    assert served.rig.init().run() is ExitCode.DONE
    assert (served.rig.read_details() or {})["image"] == PINNED
    assert served.rig.files() == {}


def test_a_probe_that_waits_for_its_image(served: Served) -> None:
    served.rig.cluster.images[FLOATING] = waits({})
    with served.start("init") as process:
        assert process.stdout
        next(line for line in process.stdout if "Starting a pod to discover the image" in line)
        assert ended(process) == ExitCode.TERMINATED
    assert template_image(served.rig.cluster.set) == FLOATING


@pytest.mark.parametrize("number", range(2, 10))
def test_a_request_that_hangs(number: int, tmp_path: Path) -> None:
    """Whichever it is; the request itself may have been done."""
    rig = Rig(tmp_path)
    rig.cluster.always("read_stateful_set", rig.cluster.observe)
    seen: list[Request] = []

    def lost(request: Request) -> Step | None:
        seen.append(request)
        if len(seen) != number:
            return None
        process.send_signal(signal.SIGTERM)
        return hang()

    with serve(rig.cluster, lost) as server, Served(rig, tmp_path, server.url).start("init") as process:
        process.communicate(timeout=SECONDS)
    assert process.returncode == ExitCode.TERMINATED
    assert len(seen) == number, "nothing more is asked"
    assert not (rig.volume / names.DETAILS_FILE).exists()
    assert POD in rig.cluster.pods
