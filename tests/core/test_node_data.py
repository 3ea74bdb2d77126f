from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core import mounts, node_data, node_dirs
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.mounts import Mount
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.core.node_dirs import NodeDirs
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods
from tests.core.pods import env, mount

SECRET: JsonObject = {"secretKeyRef": {"name": "s", "key": "k"}}
DATA_DIR = env(AVAGO_DATA_DIR="/data/avalanchego")


def derive(
    node: JsonObject,
    *ours: JsonObject,
    data_dir: str = "/data",
    override: str | None = None,
) -> NodeData:
    """Of a pod with ``node``, and an init container and a sidecar that have our mounts ``ours``."""
    init, sidecar = (pods.container(name, volumeMounts=list(ours)) for name in ("init", "monitor"))
    return node_data.derive(pods.pod(node, sidecar, init=(init,)), pods.NODE, data_dir, override)


def node(*volume_mounts: JsonObject, **fields: Any) -> JsonObject:
    return pods.container(volumeMounts=list(volume_mounts), **fields)


@pytest.mark.parametrize(
    ("node_container", "ours", "data_dir", "places", "mount_path"),
    [
        pytest.param(
            node(mount("v", "/data/avalanchego"), env=DATA_DIR),
            mount("v", "/data"),
            "/data",
            ("/data",),
            "/data",
            id="the node's files at the volume's root",
        ),
        pytest.param(
            node(mount("v", "/data"), env=DATA_DIR),
            mount("v", "/data"),
            "/data",
            ("/data/avalanchego",),
            "/data",
            id="the node's files in a folder",
        ),
        pytest.param(
            node(mount("v", "/data/", subPath="x"), env=DATA_DIR),
            mount("v", "/mnt/"),
            "/mnt/",
            ("/mnt/x/avalanchego",),
            "/mnt",
            id="subPath of the node",
        ),
        pytest.param(
            node(mount("v", "/data", subPath="x"), env=DATA_DIR),
            mount("v", "/mnt", subPath="x"),
            "/mnt",
            ("/mnt/avalanchego",),
            "/mnt",
            id="the same subPath",
        ),
        pytest.param(
            node(mount("v", "/data", subPath="x/y/"), env=DATA_DIR),
            mount("v", "/mnt", subPath="x"),
            "/mnt",
            ("/mnt/y/avalanchego",),
            "/mnt",
            id="ours reaches further",
        ),
        pytest.param(
            node(mount("v", "/root/.avalanchego")),
            mount("v", "/data"),
            "/data",
            ("/data",),
            "/data",
            id="defaults",
        ),
        pytest.param(
            node(mount("v", "/home/a"), env=env(HOME="/home/a")),
            mount("v", "/data"),
            "/data",
            ("/data/.avalanchego",),
            "/data",
            id="HOME",
        ),
        pytest.param(
            node(mount("v", "/data"), args=["--data-dir=/data/a"], env=DATA_DIR),
            mount("v", "/data"),
            "/data",
            ("/data/a",),
            "/data",
            id="argument",
        ),
        pytest.param(
            node(mount("v", "/db"), args=["--db-dir", "/db/x"]),
            mount("v", "/data"),
            "/data",
            ("/data/x",),
            "/data",
            id="only the database on the volume",
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DATA_DIR="/data/a", AVAGO_DB_DIR="/data/b")),
            mount("v", "/data"),
            "/data",
            ("/data/a", "/data/b"),
            "/data",
            id="the database beside",
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DB_DIR="/data/db", AVAGO_CHAIN_DATA_DIR="/data/chains")),
            mount("v", "/data"),
            "/data",
            ("/data/chains", "/data/db"),
            "/data",
            id="chain data on the volume",
        ),
        pytest.param(
            node(mount("v", "/data"), mount("w", "/data/avalanchego/chainData"), env=DATA_DIR),
            mount("v", "/data"),
            "/data",
            ("/data/avalanchego",),
            "/data",
            id="chain data on another volume",
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DATA_DIR="/data/av", AVAGO_DB_DIR="/data/avalanche")),
            mount("v", "/data"),
            "/data",
            ("/data/av", "/data/avalanche"),
            "/data",
            id="not by parts of names",
        ),
        pytest.param(
            node(mount("v", "/n"), env=env(AVAGO_DATA_DIR="/n/a")),
            mount("v", "/vol"),
            "/vol/monitor",
            ("/vol/a",),
            "/vol",
            id="our data dir in a folder",
        ),
        pytest.param(
            node(mount("v", "/n"), env=env(AVAGO_DATA_DIR="/n")),
            mount("v", "/vol"),
            "/vol/monitor",
            ("/vol",),
            "/vol",
            id="the root, our data dir in a folder",
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DATA_DIR="/data//x/../y/")),
            mount("v", "/data"),
            "/data",
            ("/data/y",),
            "/data",
            id="normalised",
        ),
    ],
)
def test_places(
    node_container: JsonObject, ours: JsonObject, data_dir: str, places: tuple[str, ...], mount_path: str
) -> None:
    assert derive(node_container, ours, data_dir=data_dir) == NodeData(places, mount_path)


@pytest.mark.parametrize(
    ("node_container", "ours", "reason", "named"),
    [
        pytest.param(node(env=DATA_DIR), mount("v", "/data"), "NodeDataElsewhere", "own filesystem", id="no volume"),
        pytest.param(
            node(mount("w", "/data"), env=DATA_DIR),
            mount("v", "/data"),
            "NodeDataElsewhere",
            "volume 'w'",
            id="another volume",
        ),
        pytest.param(
            node(mount("v", "/data"), mount("w", "/data/avalanchego/db"), env=DATA_DIR),
            mount("v", "/data"),
            "NodeDataElsewhere",
            "'/data/avalanchego/db'",
            id="the database on another volume",
        ),
        pytest.param(
            node(mount("v", "/data-1"), env=env(AVAGO_DATA_DIR="/data-1/x")),
            mount("v", "/data", subPath="y"),
            "NodeDataOutOfReach",
            "subPath 'y'",
            id="another subPath",
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DATA_DIR="/data")),
            mount("v", "/data", subPath="db"),
            "NodeDataOutOfReach",
            "data dir '/data'",
            id="only a part is in reach",
        ),
        pytest.param(
            node(mount("v", "/data", subPathExpr="$(POD_NAME)"), env=DATA_DIR),
            mount("v", "/data"),
            "NodeDataUnclear",
            "$(POD_NAME)",
            id="subPathExpr of the node",
        ),
        pytest.param(
            node(mount("v", "/data"), env=DATA_DIR),
            mount("v", "/data", subPathExpr="$(POD_NAME)"),
            "NodeDataUnclear",
            "$(POD_NAME)",
            id="subPathExpr of ours",
        ),
        pytest.param(
            node(mount("v", "/data"), env=DATA_DIR), mount("v", "/other"), "NoDataVolume", "'/data'", id="not ours"
        ),
        pytest.param(
            node(mount("v", "/data"), env=env(AVAGO_DATA_DIR=SECRET)),
            mount("v", "/data"),
            "NodeDataUnreadable",
            "AVAGO_DATA_DIR",
            id="valueFrom",
        ),
        pytest.param(
            pods.container("other"), mount("v", "/data"), "NoNodeContainer", "'avago'", id="no such container"
        ),
    ],
)
def test_refused(node_container: JsonObject, ours: JsonObject, reason: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        derive(node_container, ours)

    assert caught.value.reason == reason
    assert named in caught.value.what
    assert caught.value.check
    assert caught.value.do


def test_our_data_dir_is_absolute() -> None:
    with pytest.raises(ConfigurationError, match="relative"):
        derive(node(mount("v", "/data"), env=DATA_DIR), mount("v", "/data"), data_dir="data")


def test_env_from_is_warned_of() -> None:
    ours = mount("v", "/data")
    data = derive(node(mount("v", "/data"), env=DATA_DIR, envFrom=[{"configMapRef": {"name": "c"}}]), ours)

    assert data.places == ("/data/avalanchego",)
    assert len(data.warnings) == 1
    assert "AVAGO_DB_DIR, AVAGO_CHAIN_DATA_DIR" in data.warnings[0]


def candidate(name: str, volume: str, **fields: str) -> JsonObject:
    return pods.container(name, volumeMounts=[mount(volume, "/data")], **fields)


NODE = node(mount("v", "/data"), env=DATA_DIR)


@pytest.mark.parametrize(
    ("own_pod", "found"),
    [
        pytest.param(pods.pod(NODE, candidate("monitor", "v")), True, id="a sidecar alone"),
        pytest.param(pods.pod(NODE, init=(candidate("init", "v"),)), True, id="an init container alone"),
        pytest.param(
            pods.pod(NODE, pods.container("logs", volumeMounts=[mount("w", "/logs")]), candidate("monitor", "v")),
            True,
            id="another without our path",
        ),
        pytest.param(
            pods.pod(NODE, candidate("other", "w"), init=(candidate("init", "v"),), running=("init",)),
            True,
            id="the running init container decides",
        ),
        pytest.param(
            pods.pod(NODE, init=(candidate("first", "w"), candidate("init", "v")), running=("init",)),
            True,
            id="of two init containers the running",
        ),
        pytest.param(
            pods.pod(
                NODE,
                init=(candidate("sidecar", "w", restartPolicy="Always"), candidate("init", "v")),
                running=("sidecar", "init"),
            ),
            True,
            id="a sidecar among the init containers does not decide",
        ),
        pytest.param(pods.pod(NODE, candidate("a", "v"), candidate("b", "w")), False, id="two that differ"),
        pytest.param(pods.pod(NODE, candidate("a", "w"), init=(candidate("init", "v"),)), False, id="none runs"),
        pytest.param(
            pods.pod(
                NODE,
                candidate("a", "v"),
                candidate("b", "w"),
                init=(pods.container("init", volumeMounts=[mount("v", "/x")]),),
                running=("init",),
            ),
            False,
            id="the running one does not have our path",
        ),
    ],
)
def test_which_mount_is_ours(own_pod: JsonObject, found: bool) -> None:
    if found:
        assert node_data.derive(own_pod, pods.NODE, "/data", None).places == ("/data/avalanchego",)
        return
    with pytest.raises(ConfigurationError) as caught:
        node_data.derive(own_pod, pods.NODE, "/data", None)
    assert caught.value.reason == "DataVolumeUnclear"
    assert "v, w" in caught.value.check
    assert "--node-data-dir" in caught.value.do


UNCLEAR = pods.pod(NODE, candidate("a", "v"), candidate("b", "w"))
CLEAR = pods.pod(NODE, pods.container("monitor", volumeMounts=[mount("v", "/vol", subPathExpr="$(POD_NAME)")]))


@pytest.mark.parametrize(
    ("own_pod", "data_dir", "override", "expected"),
    [
        pytest.param(CLEAR, "/vol/m", "/vol/node", NodeData(("/vol/node",), "/vol"), id="absolute"),
        pytest.param(CLEAR, "/vol/m", "node", NodeData(("/vol/m/node",), "/vol"), id="relative"),
        pytest.param(CLEAR, "/vol/m", "../node/", NodeData(("/vol/node",), "/vol"), id="beside"),
        pytest.param(CLEAR, "/vol/m", "/vol", NodeData(("/vol",), "/vol"), id="the volume's root"),
        pytest.param(UNCLEAR, "/data/m", "node", NodeData(("/data/m/node",), "/data/m"), id="mount unclear"),
        pytest.param(CLEAR, "/vol/m", "../../etc", None, id="climbs out"),
        pytest.param(CLEAR, "/vol/m", "/etc", None, id="absolute outside"),
        pytest.param(CLEAR, "/vol/m", "/volume", None, id="not by parts of names"),
        pytest.param(UNCLEAR, "/data/m", "/data", None, id="mount unclear, outside of the data dir"),
    ],
)
def test_override(own_pod: JsonObject, data_dir: str, override: str, expected: NodeData | None) -> None:
    if expected is not None:
        assert node_data.derive(own_pod, pods.NODE, data_dir, override) == expected
        return
    with pytest.raises(ConfigurationError, match="--node-data-dir"):
        node_data.derive(own_pod, pods.NODE, data_dir, override)


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
