from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core import container as containers
from bootstrap_monitor.core import expansion
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods

SECRET: JsonObject = {"secretKeyRef": {"name": "s", "key": "k"}}
ENV_FROM: list[JsonObject] = [{"configMapRef": {"name": "c"}}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$(A)", "1"),
        ("x$(A)y$(B)", "x1y2"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A", "$(A"),
        ("", ""),
    ],
)
def test_kubernetes_expansion(text: str, expected: str) -> None:
    assert expansion.kubernetes(text, {"A": "1", "B": "2"}.get) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A/x", "1/x"),
        ("${A}x", "1x"),
        ("$AB", ""),
        ("${UNKNOWN}x", "x"),
        ("$(A)", "$(A)"),
        ("$", "$"),
    ],
)
def test_go_expansion(text: str, expected: str) -> None:
    assert expansion.go(text, {"A": "1", "B": "2"}.get) == expected


def entry(name: str, value: str) -> JsonObject:
    return {"name": name, "value": value}


@pytest.mark.parametrize(
    ("fields", "values", "unreadable"),
    [
        pytest.param({}, {}, set(), id="none"),
        pytest.param({"env": None}, {}, set(), id="null"),
        pytest.param({"env": [{"name": "A"}]}, {"A": ""}, set(), id="no value is empty"),
        pytest.param({"env": pods.env(A="1", B="x$(A)")}, {"A": "1", "B": "x1"}, set(), id="refers to earlier"),
        pytest.param({"env": pods.env(B="x$(A)", A="1")}, {"A": "1", "B": "x$(A)"}, set(), id="refers to later"),
        pytest.param({"env": pods.env(A="$$(A)")}, {"A": "$(A)"}, set(), id="escaped"),
        pytest.param({"env": [entry("A", "1"), entry("A", "$(A)2")]}, {"A": "12"}, set(), id="last counts"),
        pytest.param({"env": pods.env(A=SECRET)}, {}, {"A"}, id="valueFrom"),
        pytest.param({"env": pods.env(A=SECRET, B="$(A)")}, {}, {"A", "B"}, id="refers to valueFrom"),
        pytest.param({"env": [*pods.env(A=SECRET), entry("A", "1")]}, {"A": "1"}, set(), id="literal after valueFrom"),
        pytest.param({"env": [entry("A", "1"), *pods.env(A=SECRET)]}, {}, {"A"}, id="valueFrom after literal"),
        pytest.param(
            {"env": pods.env(A="$(X)", B="1"), "envFrom": ENV_FROM}, {"B": "1"}, {"A"}, id="refers to envFrom"
        ),
    ],
)
def test_environment(fields: dict[str, Any], values: dict[str, str], unreadable: set[str]) -> None:
    environment = containers.environment(pods.container(**fields))

    assert dict(environment.values) == values
    assert environment.unreadable_names == unreadable
    assert all(environment.get(name) == value for name, value in values.items())
    assert all(environment.get(name) is None and environment.unreadable(name) for name in unreadable)


def test_what_is_not_literal_may_come_from_env_from() -> None:
    environment = containers.environment(pods.container(env=pods.env(A="1"), envFrom=ENV_FROM))

    assert not environment.unreadable("A")
    assert environment.unreadable("OTHER")
    assert not containers.environment(pods.container(envFrom=[])).unreadable("OTHER")


@pytest.mark.parametrize(
    ("command", "args", "expected"),
    [
        pytest.param(None, None, None, id="none"),
        pytest.param(["./avalanchego"], [], None, id="not given"),
        pytest.param([], ["--db-dir=/data"], "/data", id="equals"),
        pytest.param([], ["-db-dir=/data"], "/data", id="single dash"),
        pytest.param([], ["--db-dir", "/data"], "/data", id="two words"),
        pytest.param(["./avalanchego", "--db-dir", "/data"], [], "/data", id="in the command"),
        pytest.param(["./avalanchego", "--db-dir=/a"], ["--db-dir=/b"], "/b", id="last counts"),
        pytest.param(["./avalanchego", "--db-dir"], ["/b"], "/b", id="over the border"),
        pytest.param([], ["--db-dir"], None, id="without its value"),
        pytest.param([], ["--db-dir=a=b"], "a=b", id="equals in the value"),
        pytest.param([], ["--db-dir="], "", id="empty"),
        pytest.param([], ["--db-dir-x=1", "db-dir=2", "---db-dir=3"], None, id="other flags"),
        pytest.param([], ["--db-dir=$(ROOT)/db"], "/root/db", id="expanded"),
        pytest.param([], ["--db-dir=$$(ROOT)/$(NONE)"], "$(ROOT)/$(NONE)", id="not expanded"),
    ],
)
def test_argument(command: list[str] | None, args: list[str] | None, expected: str | None) -> None:
    container = pods.container(command=command, args=args, env=pods.env(ROOT="/root"))

    assert containers.argument(container, "db-dir") == expected


def test_argument_that_cannot_be_read() -> None:
    container = pods.container(args=["--db-dir=$(ROOT)/db"], env=pods.env(ROOT=SECRET))

    with pytest.raises(ConfigurationError, match=r"--db-dir is '\$\(ROOT\)/db'"):
        containers.argument(container, "db-dir")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--partial"], "true"),
        (["--partial", "false"], "true"),
        (["--partial=false"], "false"),
        (["--partial", "--partial=0"], "0"),
        ([], None),
    ],
)
def test_boolean_argument(args: list[str], expected: str | None) -> None:
    assert containers.raw_argument(pods.container(args=args), "partial", boolean=True) == expected
