"""Both commands as real processes, once around: pin, start, pass, next image, start."""

from __future__ import annotations

import json
import signal

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode
from tests.cli.served import Served
from tests.support.http_server import ScriptedServer, answer
from tests.support.manifests import FLOATING, NEXT, NEXT_VERSIONS, PINNED, POD, pod_image
from tests.support.outcomes import ran
from tests.support.programs import SECONDS
from tests.support.rig import HEALTHY


def until_the_end(served: Served, *words: str) -> tuple[int, list[JsonObject]]:
    """The process, which the kubelet ends when its pod is deleted, and its log."""
    with served.start(*words) as process:
        served.rig.cluster.on_delete = lambda pod: process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=SECONDS)
    assert err == ""
    served.rig.cluster.settle()
    return process.returncode, [json.loads(line) for line in out.splitlines()]


def test_once_around(served: Served) -> None:
    rig = served.rig
    rig.put_node_data("of whoever was here before")

    code, _ = until_the_end(served, "init")
    assert (code, pod_image(rig.cluster.pod)) == (ExitCode.TERMINATED, PINNED)

    code, log = until_the_end(served, "init")
    assert (code, log[-1]["msg"]) == (ExitCode.DONE, names.STARTING)
    assert rig.files() == {}

    rig.put_node_data("of the test")
    rig.cluster.images[FLOATING] = ran(NEXT, NEXT_VERSIONS)
    words = ("wait-for-completion", "--healthy-samples=2", "--health-check-interval=10ms")
    with ScriptedServer(answer(200, HEALTHY.body)) as node:
        code, log = until_the_end(served, *words, f"--node-uri={node.url}")
    assert (code, pod_image(rig.cluster.pod)) == (ExitCode.TERMINATED, NEXT)
    [passed] = [line for line in log if line["msg"] == names.COMPLETED]
    assert set(passed) == {
        "level",
        "timestamp",
        "caller",
        "msg",
        "diskUsage",
        "duration",
        "testConfig",
        "heights",
    }
    assert type(passed["duration"]) is int
    [result] = rig.results()
    assert (result["verdict"], result["image"], result["pod"]) == ("passed", PINNED, POD)
    assert result["diskBytes"] > 0

    code, log = until_the_end(served, "init")
    assert (code, log[-1]["msg"]) == (ExitCode.DONE, names.STARTING)
    assert rig.files() == {}
    assert log[-1]["testConfig"]["image"] == NEXT
