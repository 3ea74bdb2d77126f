"""The ways in which a StatefulSet rolls its pods out, and what a pin leaves alone in the template."""

from __future__ import annotations

import copy
import json

import pytest

from e2e.kit.api import STRATEGIC, Json
from e2e.kit.manifests import INIT, NODE, TRACKED_TAG_ANNOTATION, VERSIONS_ANNOTATION
from e2e.kit.rig import Rig

pytestmark = pytest.mark.scripted

STRATEGIES: dict[str, Json] = {
    "rolling-update": {"type": "RollingUpdate"},
    "partition-0": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
    "on-delete": {"type": "OnDelete"},
}
MARKS: dict[tuple[str, str], list[pytest.MarkDecorator]] = {
    ("rolling-update", "OrderedReady"): [pytest.mark.brief],
    ("on-delete", "Parallel"): [],
}


@pytest.mark.parametrize(
    ("strategy", "policy"),
    [
        pytest.param(strategy, policy, id=f"{name}-{policy}", marks=MARKS.get((name, policy), [pytest.mark.wide]))
        for name, strategy in STRATEGIES.items()
        for policy in ("OrderedReady", "Parallel")
    ],
)
def test_rollout(rig: Rig, strategy: Json, policy: str) -> None:
    rig.node_image.push()
    rig.deploy(rig.tester(pod_management_policy=policy, update_strategy=strategy))
    [first] = rig.until_results(1)
    assert first["verdict"] == "passed"
    assert first["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    kept = rig.node_data() / "db" / "kept"
    kept.touch()

    rig.node_image.push()
    second, older = rig.until_results(2)
    assert older == first
    assert second["verdict"] == "passed"
    assert second["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert not kept.exists()

    # One life of the pod for the pin and one a test: neither a patch nor a deletion has to be repeated.
    last = rig.pod_uid
    rig.until_logged("Image unchanged", uid=last)
    uids = rig.history.uids(rig.pod_name)
    assert len(uids) == 3
    assert uids[-1] == last
    decided = {uid: {entry["reason"] for entry in rig.logged("Decided", INIT, uid=uid)} for uid in uids}
    # A container that has ended by SIGTERM may be started once more before its pod is gone.
    assert [reasons - {"PodTerminating"} for reasons in decided.values()] == [
        {"ImageNotPinned"},
        {"NoTestDetails"},
        {"ImageChanged"},
    ]


@pytest.mark.wide
def test_pin_leaves_the_template_alone(rig: Rig) -> None:
    """The node is the second container, its variables refer to each other, and the template has no annotations."""
    rig.node_image.push()
    # Variables see those before them only.
    node_env = {"Z_ROOT": "/data/avalanchego", "AVAGO_DB_DIR": "$(Z_ROOT)/db", "A_COPY": "$(AVAGO_DB_DIR)"}
    rig.deploy(rig.tester(node_position=1, node_env=node_env, replicas=0))
    command: Json = {"name": NODE, "command": ["./avalanchego"], "args": ["--http-port=9650", "--http-host=0.0.0.0"]}
    rig.patch({"spec": {"template": {"spec": {"containers": [command]}}}}, STRATEGIC)
    deployed = _template(rig)
    assert [one["name"] for one in deployed["spec"]["containers"]].index(NODE) == 1
    assert "annotations" not in deployed["metadata"]

    rig.patch({"spec": {"replicas": 1}})
    rig.until_results(1)
    assert _template(rig) == _pinned(deployed, rig)
    # By the sidecar as by `init`.
    rig.node_image.push({"version": {"application": "avalanchego/1.15.0"}})
    newer, _ = rig.until_results(2)
    assert newer["versions"]["application"] == "avalanchego/1.15.0"
    assert newer["image"] == rig.node_image.pinned
    assert _template(rig) == _pinned(deployed, rig)


def _template(rig: Rig) -> Json:
    template: Json = rig.stateful_set()["spec"]["template"]
    return template


def _pinned(template: Json, rig: Rig) -> Json:
    """The template with the newest image, and our two annotations."""
    pinned = copy.deepcopy(template)
    pinned["spec"]["containers"][1]["image"] = rig.node_image.pinned
    versions = rig.template_annotation(VERSIONS_ANNOTATION) or ""
    assert json.loads(versions) == rig.results()[0]["versions"]
    pinned["metadata"]["annotations"] = {VERSIONS_ANNOTATION: versions, TRACKED_TAG_ANNOTATION: rig.node_image.tag}
    return pinned
