"""Bad nodes, by the adapter and the readers of its answers: facts, never errors, never a pass."""

from __future__ import annotations

import random

import pytest

from bootstrap_monitor.adapters.node import Node
from bootstrap_monitor.core import health, info, metrics
from bootstrap_monitor.core.health import HealthSample
from tests.support.bad_nodes import BAD_NODES, GOOD_NODES, BadNode
from tests.support.http_server import ScriptedServer, Step, raw

every_bad_node = pytest.mark.parametrize("bad", BAD_NODES.values(), ids=BAD_NODES)


def sampled(node: Node) -> HealthSample:
    return health.sample(node.get("/ext/health"))


@every_bad_node
def test_a_bad_node_is_a_fact(bad: BadNode) -> None:
    with bad.listening() as url:
        sample = sampled(bad.seen_at(url))

    assert not sample.bootstrapped
    assert (sample.problem or "").startswith(bad.problem or "")
    assert bool(sample.problem) == bool(bad.problem)


@every_bad_node
def test_its_other_answers_tell_nothing(bad: BadNode) -> None:
    with bad.listening() as url:
        node = bad.seen_at(url)
        marks = metrics.marks(node.get("/ext/metrics"))
        bootstrapped = info.is_bootstrapped(node.post(info.PATH, info.is_bootstrapped_request("P")))

    assert (marks, bootstrapped) == ({}, None)


@pytest.mark.parametrize("good", GOOD_NODES.values(), ids=GOOD_NODES)
def test_a_good_node_is_bootstrapped_however_it_says_so(good: Step) -> None:
    with ScriptedServer(good) as server:
        assert sampled(Node(server.url)) == HealthSample(healthy=True, bootstrapping=())


def test_a_good_node_is_bootstrapped_right_after_all_bad_ones() -> None:
    before = [bad for bad in BAD_NODES.values() if bad.step]
    with ScriptedServer(*(bad.step for bad in before if bad.step), GOOD_NODES["plain"]) as server:
        assert not any(sampled(bad.seen_at(server.url)).bootstrapped for bad in before)
        assert sampled(Node(server.url)).bootstrapped


def test_noise_is_a_fact() -> None:
    """Bytes that nobody has thought of, in an answer's place and in its parts."""
    noise = random.Random(0)
    steps = [
        raw(start + noise.randbytes(60) + end)
        for _ in range(40)
        for start, end in [(b"", b""), (b"HTTP/1.1 200 OK\r\n", b"\r\n\r\n{}"), (b"HTTP/1.1 200 OK\r\n\r\n", b"")]
    ]
    with ScriptedServer(*steps) as server:
        node = Node(server.url)
        assert all(sampled(node).problem for _ in steps)
