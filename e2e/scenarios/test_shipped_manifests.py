"""The overlays of manifests/, applied as they are but for images, namespace and size; with their own Role."""

from __future__ import annotations

import pytest

from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.installation import Installation, kubectl_apply
from e2e.kit.manifests import INIT, NODE, SIDECAR
from e2e.kit.rig import Rig

ALONE = {"AVAGO_SYBIL_PROTECTION_ENABLED": "false", "AVAGO_HEALTH_CHECK_FREQUENCY": "500ms"}
"""Healthy at once, without a network."""
FORBIDDEN = "Events may not be created, so there are none: grant `create` on `events` for them"


@pytest.mark.real
def test_main_loop_under_the_restricted_standard(rig: Rig) -> None:
    """Admission refuses any pod with more rights than it needs, the probe's too. The node is the real one."""
    rig.api.patch("Namespace", rig.namespace, _labels({"pod-security.kubernetes.io/enforce": "restricted"}))
    rig.node_image.push()
    rig.deploy(Installation(rig=rig, node_env=ALONE))
    [first] = rig.until_results(1)
    assert (first["verdict"], first["syncMode"]) == ("passed", "c-chain-state-sync")
    assert first["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned

    # The token is the monitor's alone, and the data are the pod's user's.
    mounts = {one["name"]: {mount["mountPath"] for mount in one["volumeMounts"]} for one in _containers(rig)}
    token = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert {name for name, paths in mounts.items() if token in paths} == {INIT, SIDECAR}
    kept = rig.node_data() / "kept"
    kept.touch()
    assert {path.stat().st_uid for path in rig.node_data().iterdir()} - {kept.stat().st_uid} == {65532}

    rig.node_image.push()
    second, older = rig.until_results(2)
    assert older == first
    assert second["image"] == rig.template_image() == rig.pod_image() == rig.node_image.pinned
    assert not kept.exists()
    assert len(rig.history.uids(rig.pod_name)) == 3
    # Each container says once that there are no Events; nothing else was refused.
    refused = [line.message for line in rig.logs(INIT, SIDECAR) if "forbidden" in line.text.lower()]
    assert refused == []
    assert rig.logged(FORBIDDEN)


@pytest.mark.scripted
@pytest.mark.wide
def test_events_where_they_are_granted(rig: Rig) -> None:
    rig.node_image.push()
    rig.deploy(Installation(rig=rig, components=("events",)))
    rig.until_results(1)

    def reasons() -> set[str] | None:
        told = {one["reason"] for one in rig.api.list("Event", fieldSelector=f"involvedObject.name={rig.name}")}
        ours = {reason for reason in told if reason.startswith("Bootstrap")}
        return ours if "BootstrapPassed" in ours else None

    assert rig.until(reasons, "the Event of the verdict") == {"BootstrapStarted", "BootstrapPassed"}
    assert rig.logged(FORBIDDEN) == []


@pytest.mark.scripted
def test_the_api_server_takes_all_overlays_as_they_are(rig: Rig) -> None:
    """No field is unknown or refused, and they fit into one namespace."""
    namespace: Json = {"namespace": rig.namespace}
    items = [one for name in shipped.OVERLAYS for one in shipped.kustomized(rig.cluster.kubectl, name, namespace)]
    done = kubectl_apply(rig, items, "--dry-run=server", "--validate=strict", "--output=name")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(items)


@pytest.mark.scripted
@pytest.mark.not_on("local", reason="it has no Jobs")
def test_the_api_server_takes_a_shared_archive_as_it_is(rig: Rig) -> None:
    # Of a Job's pods admission only warns, on stderr.
    rig.api.patch("Namespace", rig.namespace, _labels({"pod-security.kubernetes.io/warn": "restricted"}))
    namespace: Json = {"namespace": rig.namespace}
    items = [one for name in shipped.ARCHIVES for one in shipped.kustomized(rig.cluster.kubectl, name, namespace)]
    done = kubectl_apply(rig, items, "--dry-run=server", "--validate=strict", "--output=name")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(items)


def _labels(labels: dict[str, str]) -> Json:
    return {"metadata": {"labels": labels}}


def _containers(rig: Rig) -> list[Json]:
    spec = rig.pod()["spec"]
    containers = [*spec["initContainers"], *spec["containers"]]
    assert {one["name"] for one in containers} == {INIT, NODE, SIDECAR}
    return containers
