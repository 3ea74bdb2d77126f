"""The program as the world runs it: the real commands on what the world gives them. A planted bug is a subclass."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from bootstrap_monitor.commands import init, wait
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.verdict.assessment import Limits
from bootstrap_monitor.steps.image_discovery import Registry
from bootstrap_monitor.steps.starting import Clear, Volume
from tests.soak.client import Client
from tests.soak.node import NodeContainer
from tests.soak.simulation import MINUTE, Process
from tests.soak.volume import Mount
from tests.support.manifests import NODE, POD

HEALTH_CHECK = timedelta(minutes=10)
IMAGE_CHECK = timedelta(minutes=15)
"""Longer than the defaults, as people with less hurry have them: fourteen days are to pass in a second."""
STALL_TIMEOUT = timedelta(hours=1)
PROBE_TIMEOUT = timedelta(minutes=3)
COUNT_SECONDS = (0.0, 0.0, 0.0, 0.0, 10.0, 60.0, 5 * MINUTE, 30 * MINUTE)
"""How long the volume's bytes are counted."""


@dataclass(frozen=True)
class Surroundings:
    """What one process works on."""

    process: Process
    api: Client
    store: Mount
    clear: Clear
    registry: Registry | None
    node: NodeContainer | None
    on_failure: OnFailure
    draw: random.Random


class NoRestore:
    """No test starts from an archive."""

    def read(self) -> bytes | None:
        return None

    def remove(self) -> None:
        return


class Count:
    """A count of the volume's bytes that takes its time."""

    def __init__(self, process: Process, seconds: float) -> None:
        self._process = process
        self._at = process.monotonic() + seconds

    def done(self) -> bool:
        return self._process.monotonic() >= self._at

    def result(self) -> int:
        return 3 * 1024**3


class Program:
    """As ``cli`` wires it, but for the adapters."""

    def init(self, around: Surroundings) -> init.Init:
        options = init.Options(POD, NODE, "/data", None, None, PROBE_TIMEOUT)
        return init.Init(options, around.api, self.volume(around), around.process, around.registry)

    def volume(self, around: Surroundings) -> Volume:
        return Volume("/data", around.store, NoRestore(), around.clear, around.process)

    def sidecar(self, around: Surroundings) -> wait.Sidecar:
        assert around.node
        options = wait.Options(
            pod_name=POD,
            container=NODE,
            tracked_tag=None,
            limits=Limits(
                healthy_samples=3,
                stall_timeout=STALL_TIMEOUT,
                max_restarts=5,
                min_free_percent=5,
                not_started_timeout=timedelta(minutes=30),
                max_duration=None,
            ),
            on_failure=around.on_failure,
            health_check_interval=HEALTH_CHECK,
            image_check_interval=IMAGE_CHECK,
            probe_timeout=PROBE_TIMEOUT,
        )
        return wait.start(
            options,
            api=around.api,
            node=around.node,
            store=around.store,
            space=around.node.space,
            count_bytes=lambda: Count(around.process, around.draw.choice(COUNT_SECONDS)),
            clock=around.process,
            registry=around.registry,
        )
