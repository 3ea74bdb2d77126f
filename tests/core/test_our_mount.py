from __future__ import annotations

import pytest

from bootstrap_monitor.core import node_data
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.node_data import NodeData
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods
from tests.core.pods import env, mount
from tests.core.test_node_data import node

DATA_DIR = env(AVAGO_DATA_DIR="/data/avalanchego")


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
        pytest.param(CLEAR, "/vol/m", "/vol/node", NodeData(("/vol/node",), "/vol", "/vol/node/db"), id="absolute"),
        pytest.param(CLEAR, "/vol/m", "node", NodeData(("/vol/m/node",), "/vol", "/vol/m/node/db"), id="relative"),
        pytest.param(CLEAR, "/vol/m", "../node/", NodeData(("/vol/node",), "/vol", "/vol/node/db"), id="beside"),
        pytest.param(CLEAR, "/vol/m", "/vol", NodeData(("/vol",), "/vol", "/vol/db"), id="the volume's root"),
        pytest.param(
            UNCLEAR, "/data/m", "node", NodeData(("/data/m/node",), "/data/m", "/data/m/node/db"), id="mount unclear"
        ),
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
