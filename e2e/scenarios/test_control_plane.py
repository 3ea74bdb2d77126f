"""The cluster itself fails under a running test: no API server, no power, no valid token."""

from __future__ import annotations

import time

import pytest

from e2e.kit.api import Json
from e2e.kit.manifests import SERVICE_ACCOUNT, SIDECAR, permissions
from e2e.kit.rig import Rig
from e2e.kit.underway import (
    BOOTSTRAPPING,
    HEALTHY,
    RESUMING,
    assert_passed_once,
    is_kept,
    reasons,
    restarts,
    start_test,
    tracebacks,
)

pytestmark = [pytest.mark.scripted, pytest.mark.disruptive]

# As long as the tries of one request go on.
AWAY_SECONDS = 45.0


def test_passed_while_the_api_server_is_away(rig: Rig) -> None:
    rig.node_image.push(BOOTSTRAPPING)
    details = start_test(rig, rig.tester())
    uid, address = rig.pod_uid, rig.node_address()
    with rig.cluster.without("kube-apiserver"):
        back = time.monotonic() + AWAY_SECONDS
        rig.tell_node(address=address, bootstrapping=[])
        rig.until_logged(HEALTHY, SIDECAR)
        rig.until(lambda: time.monotonic() >= back, "the end of the outage")
        assert _warnings(rig)
        assert not tracebacks(rig)
    rig.until_results(1)
    assert rig.pod_uid == uid
    assert restarts(rig, uid) == 0
    assert_passed_once(rig, details)


@pytest.mark.not_on("kind", reason="the scenarios run beside the node, and would end with it")
@pytest.mark.not_on("local", reason="its objects are in memory, and go with it")
@pytest.mark.wide
@pytest.mark.parametrize("passes", ["after", "before"])
def test_cluster_killed_and_started_again(rig: Rig, passes: str) -> None:
    """All containers too, as by a loss of power: the same pod comes back."""
    rig.node_image.push(BOOTSTRAPPING)
    details, uid = start_test(rig, rig.tester()), rig.pod_uid
    if passes == "before":
        rig.tell_node(bootstrapping=[])
        rig.until_results(1)
    rig.cluster.crash()
    rig.cluster.recover()

    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    assert rig.details() == details
    assert is_kept(rig)
    if passes == "after":
        rig.tell_node(bootstrapping=[])
    assert_passed_once(rig, details)
    assert reasons(rig, uid) == ["NoTestDetails", "SameTest"]


@pytest.mark.wide
@pytest.mark.not_on("local", reason="it has no tokens")
def test_token_revoked_and_replaced(rig: Rig) -> None:
    """Its ServiceAccount is deleted and made anew.

    The kubelet does not notice that the account is another: it keeps a pod's token for four fifths of its life, 48
    minutes. Restarted, it asks for a new one, and the process that runs goes on with that.
    """
    rig.node_image.push(BOOTSTRAPPING)
    details, uid = start_test(rig, rig.tester()), rig.pod_uid
    _replace_service_account(rig)
    rig.until(lambda: _refusals(rig), "a request refused by 401")
    rig.tell_node(bootstrapping=[])
    rig.until_logged(HEALTHY, SIDECAR)
    with rig.cluster.without("kubelet"):
        pass
    rig.until_results(1)
    assert rig.pod_uid == uid
    assert restarts(rig, uid) == 0
    assert_passed_once(rig, details)


@pytest.mark.wide
@pytest.mark.not_on("local", reason="it has no tokens")
def test_token_revoked_and_pod_deleted(rig: Rig) -> None:
    """The shorter way to a new token: a new pod has one from the start."""
    rig.node_image.push(BOOTSTRAPPING)
    details, uid = start_test(rig, rig.tester()), rig.pod_uid
    _replace_service_account(rig)
    rig.until(lambda: _refusals(rig), "a request refused by 401")
    rig.delete_pod()
    uid = rig.until_replaced(uid)
    rig.until_logged(RESUMING, uid=uid)
    rig.until_node_runs(uid)
    assert is_kept(rig)
    rig.tell_node(bootstrapping=[])
    assert_passed_once(rig, details)


def _replace_service_account(rig: Rig) -> None:
    rig.api.delete("ServiceAccount", SERVICE_ACCOUNT)
    rig.api.create(permissions(rig.namespace, SERVICE_ACCOUNT)[0])


def _warnings(rig: Rig) -> list[Json]:
    return [line.json for line in rig.logs(SIDECAR) if line.json.get("level") in {"warn", "warning"}]


def _refusals(rig: Rig) -> list[str]:
    return [line.text for line in rig.logs(SIDECAR) if "401" in line.text]
