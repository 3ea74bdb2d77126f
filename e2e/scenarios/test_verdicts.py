"""Tests that fail: each reason, its message and the node's log; then the next image takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from e2e import registry
from e2e.kit import prepared_volume
from e2e.kit.api import Json
from e2e.kit.manifests import Tester
from e2e.kit.rig import Rig
from e2e.kit.underway import BOOTSTRAPPING, COMPLETED, STARTING, UNHEALTHY, tracebacks

pytestmark = pytest.mark.scripted

FAILED = "Bootstrap failed"
MIB = 1 << 20
VOLUME_BYTES = 64 * MIB
FIRST_LINE = "initializing node"
"""What it logs before it writes: a volume is found full in any moment after."""
ADVANCING: Json = {"blocksPerSecond": 10}


def deploy(rig: Rig, tester: Tester) -> None:
    rig.deploy(tester)


def deploy_without_image(rig: Rig, tester: Tester) -> None:
    """The image is deleted from its registry after the pin: no other pod can start with it."""
    rig.deploy(tester)
    rig.until_logged(UNHEALTHY)
    uid = rig.pod_uid
    registry.delete(rig.node_image.pinned)
    rig.delete_pod()
    rig.until_replaced(uid)


def deploy_on_small_volume(rig: Rig, tester: Tester) -> None:
    rig.deploy(replace(tester, replicas=0))
    rig.cluster.limit_volume(prepared_volume.bind(rig), VOLUME_BYTES)
    rig.deploy(tester)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """How a node misbehaves, and what its test's result says."""

    reason: str
    node: Json
    options: tuple[str, ...] = ()
    deploy: Callable[[Rig, Tester], None] = deploy
    message: tuple[str, ...]
    """Parts of it: what was found, then what to do."""
    node_log: str = "API server listening"
    """A part of it; empty where the node has logged nothing."""


FAILURES = {
    "crash-loop": Failure(
        reason="CrashLoop",
        node={"exitOnStarts": 1000, "exitCode": 7},
        options=("--max-restarts=2",),
        message=("restarted 2 times without progress in between", "exit code 7", "Read the end of the node's log"),
        node_log="was told to fail on this start",
    ),
    "stall": Failure(
        reason="Stalled",
        node=BOOTSTRAPPING,
        options=("--stall-timeout=6s",),
        message=("no height, no counter", "failing checks: bootstrapped", "longer --stall-timeout"),
    ),
    "deadline": Failure(
        reason="DeadlineExceeded",
        node={**BOOTSTRAPPING, **ADVANCING},
        options=("--max-duration=10s", "--stall-timeout=6s"),
        message=("after the start; still to be bootstrapped: 2Z36", "longer --max-duration"),
    ),
    "unhealthy": Failure(
        reason="Unhealthy",
        node={"healthy": False, **ADVANCING},
        options=("--stall-timeout=6s",),
        message=("nothing is left to bootstrap", "failing checks: network", "/ext/health"),
    ),
    "image-away": Failure(
        reason="NodeNotStarted",
        node=BOOTSTRAPPING,
        options=("--not-started-timeout=6s",),
        deploy=deploy_without_image,
        message=("has not started for", "ImagePull", "still in its registry"),
        node_log="",
    ),
    "volume-full": Failure(
        reason="VolumeFull",
        node={**BOOTSTRAPPING, "diskBytes": VOLUME_BYTES - 2 * MIB},
        options=("--min-free=5%",),
        deploy=deploy_on_small_volume,
        message=("less than 5 % of the data volume is free; 2.", "of 64M are free", "more room"),
        node_log=FIRST_LINE,
    ),
    "volume-overfull": Failure(
        reason="VolumeFull",
        node={**BOOTSTRAPPING, "diskBytes": 2 * VOLUME_BYTES},
        deploy=deploy_on_small_volume,
        message=("less than 1 % of the data volume is free; 0", "more room"),
        node_log=FIRST_LINE,
    ),
    "volume-full-for-the-node": Failure(
        reason="VolumeFull",
        # Before the kubelet has told that the node runs, nobody can read its log.
        node={**BOOTSTRAPPING, "availableDiskBytes": MIB, "startDelaySeconds": 3},
        message=("the node's check `diskspace` fails", "more room"),
        node_log=FIRST_LINE,
    ),
}
NEEDS_MOUNT = pytest.mark.not_on("local", reason="a volume with a limit is a mount, which takes root")
IN_CI = {
    ("crash-loop", "OrderedReady"),
    ("stall", "Parallel"),
    ("unhealthy", "OrderedReady"),
    ("deadline", "OrderedReady"),
    ("image-away", "OrderedReady"),
    ("volume-overfull", "Parallel"),
}


@pytest.mark.parametrize(
    ("failure", "policy"),
    [
        pytest.param(
            failure,
            policy,
            id=f"{name}-{policy}",
            marks=[
                *([] if (name, policy) in IN_CI else [pytest.mark.wide]),
                *([pytest.mark.brief] if name == "crash-loop" else []),
                *([NEEDS_MOUNT] if failure.deploy is deploy_on_small_volume else []),
            ],
        )
        for name, failure in FAILURES.items()
        for policy in ("OrderedReady", "Parallel")
    ],
)
def test_failed_then_the_next_image(rig: Rig, failure: Failure, policy: str) -> None:
    digest = rig.node_image.push(failure.node)
    failure.deploy(rig, rig.tester(pod_management_policy=policy, sidecar_args=failure.options))

    [failed] = rig.until_results(1)
    assert failed["verdict"] == "failed"
    assert failed["reason"] == failure.reason
    assert digest in failed["image"]
    for part in failure.message:
        assert part in failed["message"]
    assert failure.node_log in failed["nodeLog"]
    assert bool(failed["nodeLog"]) is bool(failure.node_log)
    assert len(failed["nodeLog"].encode()) <= 4096
    [told] = rig.until_logged(FAILED)
    assert told["level"] == "error"
    assert [told[same] for same in ("reason", "message")] == [failed[same] for same in ("reason", "message")]
    assert failed["start"] == rig.details()["startTime"]
    # A line each, behind the error.
    rig.until(
        lambda: failure.node_log in "\n".join(entry["line"] for entry in rig.logged("The node's log")),
        f"{failure.node_log!r} of the node in the sidecar's log",
    )

    rig.node_image.push()
    passed, older = rig.until_results(2)
    assert older == failed
    assert passed["verdict"] == "passed"
    assert passed["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert passed["start"] > failed["end"]
    assert len(rig.until_logged(COMPLETED)) == 1
    assert len(rig.logged(FAILED)) == 1
    assert len(rig.logged(STARTING)) == 2
    assert not tracebacks(rig)
