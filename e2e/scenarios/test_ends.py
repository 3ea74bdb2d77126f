"""How the monitor's containers end: by SIGTERM, by SIGKILL, by errors that people read; and what goes on after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from e2e.kit.api import Json
from e2e.kit.endings import ending_by_deletion, until_ended
from e2e.kit.manifests import INIT, SIDECAR
from e2e.kit.rig import Rig
from e2e.kit.underway import BOOTSTRAPPING, COMPLETED, HEALTHY, UNCHANGED, UNHEALTHY, probe_name

pytestmark = pytest.mark.scripted

TRY_AGAIN, CONFIGURATION, TERMINATED = 75, 78, 143
# The end itself within a second; the kubelet's way there, and two times that are cut to seconds.
SIGTERM_SECONDS = 3


# SIGTERM


@pytest.mark.brief
def test_sigterm_to_a_sidecar_that_sleeps(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    rig.deploy(rig.tester(health_check_interval="10m", image_check_interval="10m"))
    rig.until_logged(UNHEALTHY, SIDECAR)
    _assert_ends_by_sigterm(rig, rig.delete_pod(), SIDECAR)
    # So did the init container that deleted its pod after the pin.
    _assert_ends_by_sigterm(rig, rig.history.uids(rig.pod_name)[0], INIT)


@pytest.mark.wide
def test_sigterm_to_a_sidecar_that_waits_for_the_node(rig: Rig) -> None:
    rig.node_image.push({"healthMode": "hang"})
    rig.deploy(rig.tester())
    rig.until_logged("Watching the node", SIDECAR)
    rig.until_node_runs()
    _assert_ends_by_sigterm(rig, rig.delete_pod(), SIDECAR)


def test_sigterm_to_a_sidecar_that_waits_for_a_probe(rig: Rig) -> None:
    rig.node_image.push()
    rig.deploy(rig.tester(sidecar_args=("--tracked-tag=never-pushed",)))
    _until_probe_cannot_pull(rig, SIDECAR)
    probe = rig.history.uids(probe_name(rig))[-1]
    _assert_ends_by_sigterm(rig, rig.delete_pod(), SIDECAR)
    # Nobody is left to delete the probe pod: it goes with its owner.
    rig.until(lambda: _is_gone(rig, probe), "the probe pod gone")


@pytest.mark.wide
def test_sigterm_to_init_that_waits_for_a_probe(rig: Rig) -> None:
    rig.deploy(rig.tester())
    _until_probe_cannot_pull(rig, INIT)
    _assert_ends_by_sigterm(rig, rig.delete_pod(), INIT)


# SIGKILL


def _kill_before_the_verdict(rig: Rig) -> None:
    rig.until_logged(UNHEALTHY, SIDECAR)
    _kill_sidecar(rig)
    rig.tell_node(bootstrapping=[])


def _kill_around_the_verdict(rig: Rig) -> None:
    """At the first healthy sample; the next process, as soon as there is a result."""
    rig.tell_node(bootstrapping=[])
    rig.until_logged(HEALTHY, SIDECAR)
    assert not rig.results()
    _kill_sidecar(rig)
    rig.until_results(1)
    _kill_sidecar(rig)


def _kill_after_the_verdict(rig: Rig) -> None:
    rig.tell_node(bootstrapping=[])
    rig.until_logged(COMPLETED)
    _kill_sidecar(rig)


@pytest.mark.parametrize(
    "kill",
    [
        _kill_around_the_verdict,
        pytest.param(_kill_before_the_verdict, marks=pytest.mark.wide),
        pytest.param(_kill_after_the_verdict, marks=pytest.mark.wide),
    ],
    ids=["around-the-verdict", "before-the-verdict", "after-the-verdict"],
)
def test_sigkill_to_the_sidecar(rig: Rig, kill: Callable[[Rig], None]) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    rig.deploy(rig.tester())
    rig.until_node_runs(rig.until_pinned())
    _until_sidecar_runs(rig)
    kill(rig)
    [result] = rig.until_results(1)
    rig.until_logged(UNCHANGED)
    assert rig.results() == [result]
    assert result["start"] == rig.details()["startTime"]

    # The loop goes on, and tells of each test once.
    rig.node_image.push()
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["image"] == rig.node_image.pinned
    rig.until(lambda: _completed(rig, newer), "the log of the second pass")
    assert len(_completed(rig, newer)) == 1
    # The log comes after the stored result: a kill in between leaves the result alone.
    assert len(_completed(rig, older)) == 1 or kill is _kill_around_the_verdict
    assert len(_completed(rig, older)) <= 1


# Errors


def test_more_replicas_than_one(rig: Rig) -> None:
    """All pods share one template: the first alone is tested."""
    rig.node_image.push()
    rig.deploy(rig.tester(replicas=2, pod_management_policy="Parallel"))
    other = f"{rig.name}-1"
    for ended in until_ended(rig, INIT, CONFIGURATION, pod=other):
        assert ended["message"].startswith("NotTheFirstPod: ")
    [result] = rig.until_results(1)
    assert result["pod"] == rig.pod_name
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert len(rig.history.uids(rig.pod_name)) == 2

    rig.node_image.push()
    newer, _ = rig.until_results(2)
    assert newer["pod"] == rig.pod_name
    assert len(rig.history.uids(rig.pod_name)) == 3
    assert {one["exitCode"] for one in rig.history.endings(other, INIT)} <= {CONFIGURATION, TERMINATED}
    assert not rig.logs(SIDECAR) or {line.pod for line in rig.logs(SIDECAR)} == {rig.pod_name}


@pytest.mark.wide
def test_image_that_appears_later(rig: Rig) -> None:
    rig.deploy(rig.tester(init_args=("--probe-timeout=10s",)))
    [ended, *_] = until_ended(rig, INIT, TRY_AGAIN)
    assert ended["message"].startswith("ProbeTimeout: ")
    assert "ErrImagePull" in ended["message"]
    assert f"{rig.node_image.floating}: not found" in ended["message"]
    assert "--probe-timeout" in ended["message"]

    rig.node_image.push()
    [result] = rig.until_results(1)
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    assert len(rig.history.uids(rig.pod_name)) == 2


@pytest.mark.wide
def test_somebodys_probe_pod_is_replaced(rig: Rig) -> None:
    """It has even finished, with the digest of another image."""
    other = rig.node_image.push(tag="other")
    rig.node_image.push()
    name = "tester-0-image-probe"
    rig.api.create(_finishing_pod(name, f"{rig.node_image.repository}@{other}"))
    rig.until(lambda: rig.api.get("Pod", name)["status"]["phase"] == "Succeeded", "the other probe pod's end")
    rig.deploy(rig.tester(image_check_interval="10m"))
    assert name == probe_name(rig)

    [result] = rig.until_results(1)
    assert result["image"] == rig.pod_image() == rig.node_image.pinned
    rig.until_logged(UNCHANGED)
    # Theirs, that of `init`, that of the sidecar; none is left.
    assert len(rig.history.uids(name)) == 3
    rig.until(lambda: rig.api.find("Pod", name) is None, "no probe pod left")


def _until_probe_cannot_pull(rig: Rig, asking: str) -> None:
    def look() -> bool:
        waits = rig.logged("The probe pod is waiting", asking)
        return any(one["reason"] == "ErrImagePull" for one in waits)

    rig.until(look, f"{asking} waiting for a probe pod without an image")


def _assert_ends_by_sigterm(rig: Rig, uid: str, container: str) -> None:
    ending = ending_by_deletion(rig, uid, container)
    assert ending.exit_code == TERMINATED
    assert ending.seconds <= SIGTERM_SECONDS


def _kill_sidecar(rig: Rig) -> None:
    """And wait for another process in its place."""
    restarts = _until_sidecar_runs(rig)["restartCount"]
    rig.kill(SIDECAR)
    _until_sidecar_runs(rig, restarts + 1)
    assert rig.history.endings(rig.pod_name, SIDECAR)[-1]["exitCode"] == 137


def _until_sidecar_runs(rig: Rig, restarts: int = 0) -> Json:
    """Its status, as the kubelet tells it some time after the start."""

    def look() -> Json | None:
        statuses = rig.pod()["status"].get("containerStatuses", [])
        return next(
            (
                one
                for one in statuses
                if one["name"] == SIDECAR and "running" in one["state"] and one["restartCount"] >= restarts
            ),
            None,
        )

    return rig.until(look, f"a sidecar restarted {restarts} times")


def _completed(rig: Rig, result: Json) -> list[Json]:
    """The log's entries of this very test."""
    return [one for one in rig.logged(COMPLETED) if one["testConfig"]["image"] == result["image"]]


def _is_gone(rig: Rig, uid: str) -> bool:
    return any(state.event == "DELETED" for state in rig.history.states() if state.uid == uid)


def _finishing_pod(name: str, image: str) -> Json:
    container = {"name": "probe", "image": image, "command": ["./avalanchego", "--version-json"]}
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
