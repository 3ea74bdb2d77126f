"""A test with an avalanchego node that starts from the database of another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from e2e.conftest import FIGURE, Serve, StartNetwork
from e2e.kit import archives
from e2e.kit.manifests import NODE
from e2e.kit.network import make_blocks
from e2e.kit.rig import Rig
from e2e.kit.underway import COMPLETED, RESUMING, reasons, tracebacks

pytestmark = pytest.mark.real

NEWER_BLOCKS = 3


def test_real_node_from_an_archive(
    rig: Rig, start_network: StartNetwork, serve: Serve, record_property: Callable[[str, object], None]
) -> None:
    """Of a node that has bootstrapped from nothing, and is stopped; meanwhile the network goes on."""
    network = start_network(rig)
    rig.node_image.push()
    rig.deploy(rig.tester(node_env=network.tester_env))
    empty_seconds = seconds_to_healthy(rig, rig.until_pinned())
    [from_nothing] = rig.until_results(1)
    height = rig.until_logged(COMPLETED)[0]["heights"]["C"]
    assert height >= network.height()
    rig.patch({"spec": {"replicas": 0}})
    rig.until(lambda: rig.api.find("Pod", rig.pod_name) is None, "the node stopped")
    server = serve(archives.of_folder(rig.node_data() / "db"))
    make_blocks(network.nodes[0].address, NEWER_BLOCKS)

    # The first height that it tells is the archive's; it fetches what is newer, and no more.
    rig.node_image.push()
    rig.deploy(rig.tester(node_env=network.tester_env, init_args=(f"--initial-db-archive={server.url}",)))
    uid = rig.until_pinned()
    [first_told] = rig.until(lambda: heights(rig, uid), "the C-Chain's height")
    assert first_told >= height
    filled_seconds = seconds_to_healthy(rig, uid)
    result, older = rig.until_results(2)
    assert older == from_nothing
    assert result["verdict"] == "passed"
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert rig.until_logged(COMPLETED, count=2)[-1]["heights"]["C"] >= height + NEWER_BLOCKS
    assert sum(metric(rig, "bs_fetched")) <= NEWER_BLOCKS

    # A drained pod resumes, and asks nobody.
    details, asked = rig.details(), len(server.requests)
    assert details["initialDbArchive"]["source"] == server.url
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged(RESUMING, uid=uid)
    assert reasons(rig, uid) == ["SameTest"]
    rig.until_node_runs(uid)
    assert rig.details() == details
    assert len(server.requests) == asked
    assert not tracebacks(rig)
    record_property(FIGURE, f"start to healthy: {empty_seconds:.1f} s empty, {filled_seconds:.1f} s pre-filled")


def heights(rig: Rig, uid: str) -> list[int]:
    """What the node of that pod tells of its C-Chain; nothing before it tells anything."""
    return metric(rig, "last_accepted_height") if rig.pod_uid == uid else []


def metric(rig: Rig, name: str) -> list[int]:
    """Of the node's C-Chain, if it is there."""
    found = re.findall(rf'^avalanche_snowman_{name}{{chain="C"}} (\S+)', rig.node("/ext/metrics").text, re.MULTILINE)
    return [int(float(value)) for value in found]


def seconds_to_healthy(rig: Rig, uid: str) -> float:
    """Since the node's first line."""
    rig.until(lambda: rig.pod_uid == uid and rig.node("/ext/health").status_code == 200, "a healthy node")
    now = datetime.now(UTC)
    first = next(line.time for line in rig.logs(NODE) if line.uid == uid)
    return (now - datetime.fromisoformat(first)).total_seconds()
