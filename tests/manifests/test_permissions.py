"""The Role grants exactly what the adapter asks for: no verb is missing, none is left over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bootstrap_monitor.core import probe_pod
from e2e.kit import shipped
from tests.support.clock import FakeClock
from tests.support.http_server import Request, ScriptedServer, answer
from tests.support.kube_api import connect
from tests.support.kube_verbs import VERBS

Right = tuple[str, str, str]
"""API group, resource (with its subresource) and verb."""

EVENTS: Right = ("", "events", "create")
every_overlay = pytest.mark.parametrize("overlay", shipped.OVERLAYS)


def right(request: Request) -> Right:
    """As the API server's authorizer reads a request."""
    root, group, *rest = request.path.strip("/").split("/")
    if root == "api":  # the core group has no name: /api/v1/…
        group, rest = "", [group, *rest]
    _version, _namespaces, _namespace, resource, *named = rest
    subresource = "/".join(named[1:])
    reads = "get" if named else "watch" if request.query.get("watch") == "true" else "list"
    verbs = {"GET": reads, "POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
    return group, f"{resource}/{subresource}" if subresource else resource, verbs[request.method]


def granted(rules: Iterable[dict[str, Any]]) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.fixture
def asked_for(clock: FakeClock, tmp_path: Path) -> set[Right]:
    """By every method of the adapter."""
    with ScriptedServer(answer(200, {})) as server:
        kube = connect(tmp_path, server.url, clock)
        for verb in VERBS.values():
            verb.call(kube)
    return set(map(right, server.requests))


@every_overlay
def test_the_role_is_what_the_adapter_asks_for(overlay: str, asked_for: set[Right]) -> None:
    """But for Events, whose lack is borne."""
    assert granted(shipped.only("Role", shipped.objects(overlay))["rules"]) == asked_for - {EVENTS}


def test_the_events_component_adds_the_rest(asked_for: set[Right]) -> None:
    component = yaml.safe_load((shipped.MANIFESTS / "components/events/kustomization.yaml").read_text())
    [patch] = component["patches"]
    [addition] = yaml.safe_load(patch["patch"])
    assert patch["target"] == {"kind": "Role"}
    assert (addition["op"], addition["path"]) == ("add", "/rules/-")
    assert granted([addition["value"]]) == {EVENTS}
    assert EVENTS in asked_for


@every_overlay
def test_rights_are_to_objects_of_the_test_alone(overlay: str) -> None:
    """But for creations, which cannot be limited to names."""
    objects = shipped.objects(overlay)
    stateful_set = shipped.only("StatefulSet", objects)["metadata"]["name"]
    pod = f"{stateful_set}-0"
    own = {"pods": {pod, probe_pod.name(pod)}, "pods/log": {pod, probe_pod.name(pod)}, "statefulsets": {stateful_set}}
    for rule in shipped.only("Role", objects)["rules"]:
        names = None if rule["verbs"] == ["create"] else {name for one in rule["resources"] for name in own[one]}
        assert (set(rule["resourceNames"]) if "resourceNames" in rule else None) == names


@every_overlay
def test_the_rights_are_those_of_the_pod(overlay: str) -> None:
    objects = shipped.objects(overlay)
    account = shipped.only("ServiceAccount", objects)["metadata"]
    binding, role = shipped.only("RoleBinding", objects), shipped.only("Role", objects)["metadata"]
    subject = {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    assert binding["subjects"] == [subject]
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["name"]}
    pod = shipped.only("StatefulSet", objects)["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == account["name"]
    assert {one["metadata"]["namespace"] for one in objects} == {shipped.NAMESPACE}
