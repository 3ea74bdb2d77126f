"""Look at the node from all sides: its HTTP server, its container, its volume. Trouble is part of the sample."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from bootstrap_monitor.clock import Clock
from bootstrap_monitor.core import container_state, health, info, metrics, pod
from bootstrap_monitor.core.container_state import ContainerState
from bootstrap_monitor.core.disk_space import DiskSpace
from bootstrap_monitor.core.health import HealthAnswer, HealthSample
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.running_test import RunningTest
from bootstrap_monitor.core.test_config import SyncMode
from bootstrap_monitor.core.verdict.sample import Sample
from bootstrap_monitor.errors import Invalid, MonitorError
from bootstrap_monitor.log import fields
from bootstrap_monitor.timings import NODE_LOG_LIMIT_BYTES, NODE_LOG_LINES

log = logging.getLogger(__name__)

_NO_LOG = "unable to retrieve container logs for "
"""The kubelet's whole answer, with status 200, where it has removed that run: it keeps one that has ended."""


class Node(Protocol):
    """The node's HTTP server. Trouble is an answer too."""

    def get(self, path: str) -> HealthAnswer: ...
    def post(self, path: str, body: JsonObject) -> HealthAnswer: ...


class SampleApi(Protocol):
    """What sampling needs."""

    def look_at_pod(self, name: str) -> JsonObject: ...


class LogApi(Protocol):
    """What the node's log needs."""

    def pod_log(
        self, name: str, *, container: str, limit_bytes: int, tail_lines: int | None = None, previous: bool = False
    ) -> str: ...


def sample(
    api: SampleApi, node: Node, space: Callable[[], DiskSpace], clock: Clock, test: RunningTest, container: str
) -> Sample:
    """One look. Raises nothing but what ends the program."""
    return Sample(
        at_seconds=clock.monotonic(),
        elapsed_seconds=test.elapsed(clock.now()).total_seconds(),
        health=_health(node, test.config.sync_mode),
        marks=metrics.marks(node.get("/ext/metrics")),
        container=_container(api, test, container),
        disk=_disk(space),
    )


def node_log(api: LogApi, test: RunningTest, container: str, *, previous: bool) -> str:
    """The last lines that the node logged; empty where they cannot be had.

    ``previous`` is for a container that has just restarted: the lines of its last run, if it has one. One run that has
    none, is too young or too old: then the other's.
    """
    for run in (True, False) if previous else (False, True):
        try:
            found = api.pod_log(
                pod.name(test.pod),
                container=container,
                limit_bytes=NODE_LOG_LIMIT_BYTES,
                tail_lines=NODE_LOG_LINES,
                previous=run,
            )
            if found and not found.startswith(_NO_LOG):
                return found
        except Invalid:  # that run has no log: it never started, or there was none before
            continue
        except MonitorError as error:
            log.warning("The node's log cannot be read; the result goes without it", extra=fields(error=str(error)))
            break
    return ""


def _health(node: Node, mode: SyncMode) -> HealthSample:
    seen = health.sample(node.get("/ext/health"))
    if seen.problem or seen.bootstrapping is not None:
        return seen
    return seen.with_chains({chain: _is_bootstrapped(node, chain) for chain in info.chains(mode)})


def _is_bootstrapped(node: Node, chain: str) -> bool | None:
    return info.is_bootstrapped(node.post(info.PATH, info.is_bootstrapped_request(chain)))


def _container(api: SampleApi, test: RunningTest, container: str) -> ContainerState | None:
    try:
        own_pod = api.look_at_pod(pod.name(test.pod))
    except MonitorError as error:
        log.debug("the container's state is not known: %s", error)
        return None
    return container_state.of(own_pod, container) if pod.uid(own_pod) == pod.uid(test.pod) else None


def _disk(space: Callable[[], DiskSpace]) -> DiskSpace | None:
    try:
        return space()
    except OSError as error:
        log.debug("the volume's free space is not known: %s", error)
        return None
