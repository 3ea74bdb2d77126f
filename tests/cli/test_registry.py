"""The real program asks a registry, as its options say."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack

import pytest

from bootstrap_monitor.core import names
from tests.cli.served import Served
from tests.support.http_server import ScriptedServer, answer
from tests.support.outcomes import ran
from tests.support.programs import SECONDS
from tests.support.registry import PATH, Store, image
from tests.support.rig import HEALTHY


@pytest.mark.parametrize(
    ("options", "asked"),
    [(["--insecure-registry=0.0.0.0"], True), (["--no-registry-check"], False)],
    ids=["plain HTTP by option", "no check"],
)
def test_unchanged(served: Served, options: list[str], asked: bool) -> None:
    """0.0.0.0 is this machine, and no loopback name. Without the check, a probe pod tells."""
    with ExitStack() as stack:
        registry = stack.enter_context(ScriptedServer(Store({"latest": image()})))
        node = stack.enter_context(ScriptedServer(answer(200, HEALTHY.body)))
        repository = f"0.0.0.0:{registry.port}/{PATH}"
        pinned = f"{repository}@{image().digest}"
        served.pinned(pinned)
        served.rig.cluster.images[f"{repository}:latest"] = ran(pinned)
        words = ("wait-for-completion", "--health-check-interval=10ms", f"--node-uri={node.url}", *options)
        process = stack.enter_context(served.start(*words, BOOTSTRAP_MONITOR_REGISTRY_CHECK="true"))
        assert process.stdout
        lines: list[str] = []
        while not lines or json.loads(lines[-1])["msg"] != names.IMAGE_UNCHANGED:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)

        assert json.loads(lines[-1])["image"] == pinned
        assert bool(registry.requests) is asked
        assert ("create_pod" in served.rig.cluster.calls) is not asked
