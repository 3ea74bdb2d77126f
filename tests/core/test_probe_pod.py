from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import image, probe_pod
from bootstrap_monitor.core.json import JsonObject
from tests.core.pods import NODE
from tests.support.objects import FLOATING, PINNED, node_of, pod_from, template

INHERITED: dict[str, Any] = {
    "imagePullSecrets": [{"name": "registry"}],
    "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "rig", "operator": "Exists"}],
    "priorityClassName": "rigs",
    "securityContext": {"runAsUser": 1000, "fsGroup": 1000},
}


def own_pod(**spec: Any) -> JsonObject:
    """A pod that has of the inherited fields just these."""
    pod = pod_from(template())
    for field in INHERITED:
        pod["spec"].pop(field, None)
    pod["spec"].update(spec)
    return pod


def body(own: JsonObject, container: str = NODE) -> JsonObject:
    return probe_pod.body(own, container, image.parse(FLOATING), deadline_seconds=630)


def test_body() -> None:
    own = own_pod(**INHERITED)
    node_of(own)["securityContext"] = {"allowPrivilegeEscalation": False}

    assert body(own) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "rig-0-image-probe",
            "labels": {
                "app.kubernetes.io/name": "image-probe",
                "app.kubernetes.io/managed-by": "bootstrap-monitor",
                "sidecar.istio.io/inject": "false",
            },
            "annotations": {
                "sidecar.istio.io/inject": "false",
                "linkerd.io/inject": "disabled",
                "consul.hashicorp.com/connect-inject": "false",
                "kuma.io/sidecar-injection": "disabled",
            },
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Pod", "name": "rig-0", "uid": "9c2e", "blockOwnerDeletion": False}
            ],
        },
        "spec": {
            "imagePullSecrets": [{"name": "registry"}],
            "nodeSelector": {"disk": "fast"},
            "tolerations": [{"key": "rig", "operator": "Exists"}],
            "priorityClassName": "rigs",
            "securityContext": {"runAsUser": 1000, "fsGroup": 1000},
            "containers": [
                {
                    "name": "probe",
                    "image": FLOATING,
                    "imagePullPolicy": "Always",
                    "command": ["./avalanchego", "--version-json"],
                    "securityContext": {"allowPrivilegeEscalation": False},
                }
            ],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "activeDeadlineSeconds": 630,
            "terminationGracePeriodSeconds": 1,
        },
    }


@pytest.mark.parametrize("field", INHERITED)
def test_inherited_alone(field: str) -> None:
    spec = body(own_pod(**{field: INHERITED[field]}))["spec"]

    assert {name: spec.get(name) for name in INHERITED} == {
        name: INHERITED[name] if name == field else None for name in INHERITED
    }


@pytest.mark.parametrize("empty", [{}, dict.fromkeys(INHERITED), {"tolerations": [], "nodeSelector": {}}])
def test_what_the_own_pod_lacks_is_left_out(empty: JsonObject) -> None:
    spec = body(own_pod(**empty))["spec"]

    assert not INHERITED.keys() & spec.keys()
    assert "securityContext" not in spec["containers"][0]


def test_nothing_else_of_the_node_is_inherited() -> None:
    own = own_pod(volumes=[{"name": "data"}], serviceAccountName="rig", hostname="rig-0", hostNetwork=True, priority=5)

    spec = body(own)["spec"]

    assert not {"volumes", "serviceAccountName", "hostname", "hostNetwork", "priority"} & spec.keys()
    assert not {"env", "volumeMounts", "resources", "args"} & spec["containers"][0].keys()


def test_of_a_pod_without_the_container() -> None:
    assert body(own_pod(), "absent")["spec"] == body(own_pod())["spec"]


def test_a_digest_is_probed_as_it_is() -> None:
    made = probe_pod.body(own_pod(), NODE, image.parse(PINNED), deadline_seconds=1)

    assert made["spec"]["containers"][0]["image"] == PINNED


dns_labels = st.text("az09-", max_size=70).map(lambda text: f"a{text}z")
pod_names = st.lists(dns_labels, min_size=1, max_size=3).map(".".join)
long_names = st.text("az09-.", min_size=50, max_size=70).map(lambda text: f"a{text}z")


@given(pod_names | long_names)
def test_names(pod_name: str) -> None:
    name = probe_pod.name(pod_name)

    assert len(name) <= 63
    assert name.endswith("-image-probe")
    assert re.fullmatch(r"[a-z0-9].*", name)
    assert name == probe_pod.name(pod_name)
    if len(pod_name) <= 51:
        assert name == f"{pod_name}-image-probe"


@given(long_names, st.integers(0, 100))
def test_long_names_that_begin_alike_differ(pod_name: str, ordinal: int) -> None:
    assert probe_pod.name(f"{pod_name}-{ordinal}") != probe_pod.name(f"{pod_name}-{ordinal + 1}")


@pytest.mark.parametrize(
    ("pod_name", "name"),
    [
        ("a" * 51, "a" * 51 + "-image-probe"),
        ("a" * 52, "a" * 42 + "-HASH-image-probe"),
        ("a" * 40 + "-.b" + "c" * 20, "a" * 40 + "-HASH-image-probe"),
    ],
)
def test_where_a_name_is_cut(pod_name: str, name: str) -> None:
    assert re.fullmatch(name.replace("HASH", "[0-9a-f]{8}"), probe_pod.name(pod_name))


@given(pod_names | long_names)
def test_label_values_are_short_enough(pod_name: str) -> None:
    own = own_pod()
    own["metadata"]["name"] = pod_name

    assert all(len(value) <= 63 for value in body(own)["metadata"]["labels"].values())
