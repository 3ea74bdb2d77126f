"""``wait-for-completion`` beside bad nodes on real sockets: the loop goes on, and a good node passes afterwards."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bootstrap_monitor.adapters.node import Node
from bootstrap_monitor.commands.wait import Sidecar
from bootstrap_monitor.errors import Terminated
from tests.support.bad_nodes import BAD_NODES, GOOD_NODES, BadNode
from tests.support.http_server import Handler, ScriptedServer
from tests.support.rig import Rig, logged, messages, terminate

MINUTE = 60.0
HEALTHY_SAMPLES = 3


@contextmanager
def until(rig: Rig, seconds: float) -> Iterator[Sidecar]:
    """The sidecar, to be given a node; it runs so long, until SIGTERM."""
    sidecar = rig.sidecar(healthy_samples=HEALTHY_SAMPLES)
    yield sidecar
    rig.clock.at(seconds + 0.5, terminate)
    with pytest.raises(Terminated):
        sidecar.run()
    rig.clock.forget(terminate)


@pytest.mark.parametrize("bad", BAD_NODES.values(), ids=BAD_NODES)
def test_a_bad_node_never_passes_and_a_good_one_after_it_does(
    rig: Rig, bad: BadNode, caplog: pytest.LogCaptureFixture
) -> None:
    with bad.listening() as url, until(rig, HEALTHY_SAMPLES * MINUTE) as sidecar:
        sidecar.watch.node = bad.seen_at(url)
    assert rig.results() == []
    told = [*logged(caplog, "Node reported unhealthy"), *logged(caplog, "Node reported healthy")]
    assert {fields["problem"] and str(fields["problem"]).startswith(bad.problem or "?") for fields in told} == {
        bool(bad.problem) or None
    }
    assert messages(caplog, logging.ERROR) == []

    with ScriptedServer(GOOD_NODES["plain"]) as server, until(rig, (HEALTHY_SAMPLES - 1) * MINUTE) as sidecar:
        sidecar.watch.node = Node(server.url)
    assert [result["verdict"] for result in rig.results()] == ["passed"]


FLAPS = (
    "closes at once",
    "closes in mid-body",
    "HTML 503",
    "503 without a body",
    "healthy without checks",
    "redirect",
    "too short a length",
)


@pytest.mark.parametrize("kind", FLAPS)
def test_a_node_that_flaps_passes_once_it_stays(rig: Rig, kind: str) -> None:
    """Two good samples, a bad one, over and over; then good ones only."""
    rhythm = ["good", "good", "bad"] * 3 + ["good"] * HEALTHY_SAMPLES
    steps = {"good": GOOD_NODES["plain"], "bad": BAD_NODES[kind].step}
    samples: list[str] = []

    def flap(handler: Handler) -> None:
        if handler.path == "/ext/health":
            samples.append(rhythm[len(samples)])
        step = steps[samples[-1]]
        assert step
        step(handler)

    with ScriptedServer(flap) as server, until(rig, (len(rhythm) - 1) * MINUTE) as sidecar:
        sidecar.watch.node = Node(server.url)

    assert [result["message"] for result in rig.results()] == [
        f"bootstrapped and healthy in {HEALTHY_SAMPLES} samples in a row"
    ]
    assert samples == rhythm, "none earlier"
