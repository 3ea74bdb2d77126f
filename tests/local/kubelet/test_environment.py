"""Variables and words: their sources, their order, and what is not there."""

import base64
from typing import Any

import pytest

from e2e.clusters.local.kubelet.environment import ConfigError, Facts, expand, variables, words

POD = {
    "metadata": {
        "name": "tester-0",
        "namespace": "rig",
        "uid": "u-1",
        "labels": {"app": "tester"},
        "annotations": {"a.b/c": "d"},
    },
    "spec": {"nodeName": "local", "serviceAccountName": "account"},
}
OBJECTS = {
    ("Secret", "s"): {"kind": "Secret", "data": {"key": base64.b64encode(b"hidden").decode()}},
    ("ConfigMap", "c"): {"kind": "ConfigMap", "data": {"key": "open", "other": "more"}},
}
FACTS = Facts(POD, "127.1.2.3", lambda kind, name: OBJECTS.get((kind, name)))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(B)z", "x1y2z"),
        ("$(NONE)", "$(NONE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $", "$A $"),
        ("$(A", "$(A"),
        ("$(LOOP)", "$(A)"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B": "2", "LOOP": "$(A)"}) == expanded


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "tester-0"),
        ("metadata.namespace", "rig"),
        ("metadata.uid", "u-1"),
        ("metadata.labels['app']", "tester"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['a.b/c']", "d"),
        ("spec.nodeName", "local"),
        ("spec.serviceAccountName", "account"),
        ("status.podIP", "127.1.2.3"),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_fields(path: str, value: str) -> None:
    container = {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}}]}
    assert variables(container, FACTS) == {"A": value}


def reference(kind: str, name: str, key: str = "key", **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {kind: {"name": name, "key": key, **more}}}]}


@pytest.mark.parametrize(
    ("container", "values"),
    [
        (reference("secretKeyRef", "s"), {"A": "hidden"}),
        (reference("configMapKeyRef", "c"), {"A": "open"}),
        (reference("secretKeyRef", "none", optional=True), {}),
        (reference("secretKeyRef", "s", "none", optional=True), {}),
        ({"envFrom": [{"configMapRef": {"name": "c"}, "prefix": "P_"}]}, {"P_key": "open", "P_other": "more"}),
        (
            {"envFrom": [{"secretRef": {"name": "none", "optional": True}}, {"secretRef": {"name": "s"}}]},
            {"key": "hidden"},
        ),
        (
            {"envFrom": [{"configMapRef": {"name": "c"}}], "env": [{"name": "key", "value": "$(key) $(other)"}]},
            {"key": "open more", "other": "more"},
        ),
        (
            {"env": [{"name": "A", "value": "$(B)"}, {"name": "B", "value": "2"}, {"name": "C", "value": "$(B)"}]},
            {"A": "$(B)", "B": "2", "C": "2"},
        ),
        ({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": "B"}]}, {"A": "2", "B": ""}),
    ],
    ids=lambda value: None if isinstance(value, dict) and "env" in str(value) else str(value),
)
def test_sources(container: dict[str, Any], values: dict[str, str]) -> None:
    assert variables(container, FACTS) == values


@pytest.mark.parametrize(
    ("container", "message"),
    [
        (reference("secretKeyRef", "none"), 'secret "none" not found'),
        (reference("configMapKeyRef", "none"), 'configmap "none" not found'),
        (reference("secretKeyRef", "s", "none"), "couldn't find key none in Secret rig/s"),
        ({"envFrom": [{"configMapRef": {"name": "none"}}]}, 'configmap "none" not found'),
        (
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.color"}}}]},
            "unsupported fieldPath: spec.color",
        ),
    ],
    ids=["no secret", "no config map", "no key", "none to take all from", "no such field"],
)
def test_what_is_not_there(container: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}$"):
        variables(container, FACTS)


@pytest.mark.parametrize(
    ("container", "image", "line"),
    [
        ({}, {"Entrypoint": ["e"], "Cmd": ["c"]}, ["e", "c"]),
        ({}, {"Cmd": ["c"]}, ["c"]),
        ({"args": ["a"]}, {"Entrypoint": ["e"], "Cmd": ["c"]}, ["e", "a"]),
        ({"command": ["x"]}, {"Entrypoint": ["e"], "Cmd": ["c"]}, ["x"]),
        ({"command": ["x"], "args": ["$(A)"]}, {"Cmd": ["c"]}, ["x", "1"]),
    ],
    ids=["the image's", "without entrypoint", "other arguments", "another command", "both"],
)
def test_command_lines(container: dict[str, Any], image: dict[str, Any], line: list[str]) -> None:
    assert words(container, image, {"A": "1"}) == line
