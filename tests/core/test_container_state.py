from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core import container_state
from bootstrap_monitor.core.container_state import ContainerState

ENDED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        pytest.param({"state": {"running": {}}, "restartCount": 2}, ContainerState(2), id="runs"),
        pytest.param({}, ContainerState(), id="empty"),
        pytest.param(
            {"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}, "restartCount": 0},
            ContainerState(0, "ErrImagePull", "not found", waits=True),
            id="waits for its image",
        ),
        pytest.param({"state": {"waiting": {}}}, ContainerState(waits=True), id="waits without a reason"),
        pytest.param(
            {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ENDED, "restartCount": 3},
            ContainerState(3, "CrashLoopBackOff", last_end="OOMKilled, exit code 137", waits=True),
            id="crash loop",
        ),
        pytest.param(
            {"state": {"terminated": {"exitCode": 0}}}, ContainerState(last_end="Ended, exit code 0"), id="ended"
        ),
    ],
)
def test_the_state(status: dict[str, Any], state: ContainerState) -> None:
    pod = {"status": {"containerStatuses": [{"name": "other"}, {"name": "node", **status}]}}
    assert container_state.of(pod, "node") == state


@pytest.mark.parametrize("pod", [{}, {"status": {}}, {"status": {"containerStatuses": [{"name": "other"}]}}])
def test_before_the_kubelet_wrote_one(pod: dict[str, Any]) -> None:
    assert container_state.of(pod, "node") is None


@pytest.mark.parametrize(
    ("reason", "cannot_start"),
    [
        ("ErrImagePull", True),
        ("ImagePullBackOff", True),
        ("InvalidImageName", True),
        ("CreateContainerConfigError", True),
        ("ContainerCreating", True),
        ("", True),
        ("CrashLoopBackOff", False),
        ("PodInitializing", False),
    ],
)
def test_what_keeps_a_container_from_its_start(reason: str, cannot_start: bool) -> None:
    assert ContainerState(waiting=reason, waits=True).cannot_start is cannot_start
    assert not ContainerState(waiting=reason).cannot_start
