from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core import mounts, node_data
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.node_data import NodeData
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
    found = derive(node_container, ours, data_dir=data_dir)
    assert (found.places, found.mount_path, found.warnings) == (places, mount_path, ())
    assert any(mounts.within(found.database, place) for place in places)


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
