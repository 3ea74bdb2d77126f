from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core import mounts, node_dirs
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.mounts import Mount
from bootstrap_monitor.core.node_dirs import NodeDirs
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods
from tests.core.pods import env

SECRET: JsonObject = {"secretKeyRef": {"name": "s", "key": "k"}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {}, NodeDirs("/root/.avalanchego", "/root/.avalanchego/db", "/root/.avalanchego/chainData"), id="defaults"
        ),
        pytest.param(
            {"env": env(HOME="/h", AVAGO_DATA_DIR="${HOME}/d", AVAGO_DB_DIR="$AVALANCHEGO_DATA_DIR/x")},
            NodeDirs("/h/d", "/h/d/x", "/h/d/chainData"),
            id="expanded by the node",
        ),
        pytest.param(
            {"env": env(ROOT="/r"), "args": ["--data-dir=$(ROOT)/d", "--db-dir=/db", "--chain-data-dir", "/c"]},
            NodeDirs("/r/d", "/db", "/c"),
            id="expanded by Kubernetes",
        ),
        pytest.param(
            {"args": ["--data-dir=d"]},
            NodeDirs("/avalanchego/build/d", "/avalanchego/build/d/db", "/avalanchego/build/d/chainData"),
            id="relative",
        ),
        pytest.param(
            {"workingDir": "/w", "args": ["--data-dir=./d"]},
            NodeDirs("/w/d", "/w/d/db", "/w/d/chainData"),
            id="relative to workingDir",
        ),
    ],
)
def test_node_dirs(fields: dict[str, Any], expected: NodeDirs) -> None:
    assert node_dirs.derive(pods.container(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "variable"),
    [
        pytest.param({"env": env(HOME=SECRET)}, "HOME", id="HOME by valueFrom"),
        pytest.param({"env": env(AVAGO_DATA_DIR="$X/d")}, "X", id="a variable of the image"),
        pytest.param({"args": ["--db-dir=$(X)"], "env": env(X=SECRET)}, "--db-dir", id="argument"),
    ],
)
def test_node_dirs_that_cannot_be_read(fields: dict[str, Any], variable: str) -> None:
    with pytest.raises(ConfigurationError, match=variable) as caught:
        node_dirs.derive(pods.container(**fields))
    assert caught.value.reason == "NodeDataUnreadable"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data/a", "outer"),
        ("/data", "outer"),
        ("/data/in", "inner"),
        ("/data/in/a", "inner"),
        ("/data/inn", "outer"),
        ("/dat", None),
        ("/", None),
    ],
)
def test_the_innermost_mount_covers(path: str, expected: str | None) -> None:
    covering = mounts.covering((Mount("inner", "/data/in"), Mount("outer", "/data")), path)

    assert (None if covering is None else covering.volume) == expected


@pytest.mark.parametrize(("path", "expected"), [("", "/"), ("//a//b/", "/a/b"), ("a/..", "/"), ("/a/../../b", "/b")])
def test_normal(path: str, expected: str) -> None:
    assert mounts.normal(path) == expected
