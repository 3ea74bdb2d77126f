from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import names, test_config
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.errors import ConfigurationError
from tests.core import pods

CONFIG_MAP: JsonObject = {"configMapKeyRef": {"name": "c", "key": "k"}}
ENV_FROM: list[JsonObject] = [{"configMapRef": {"name": "c"}}]


def chains(**c_chain: Any) -> str:
    config = base64.b64encode(json.dumps(c_chain).encode()).decode()
    return base64.b64encode(json.dumps({"C": {"Config": config}}).encode()).decode()


FULL_SYNC = chains(**{"state-sync-enabled": False})


def derive(**fields: Any) -> TestConfig:
    return test_config.derive(pods.pod(pods.container(**fields)), pods.NODE)


@pytest.mark.parametrize(
    ("fields", "network", "warned"),
    [
        pytest.param({"env": pods.env(AVAGO_NETWORK_ID="fuji")}, "fuji", None, id="id"),
        pytest.param({"env": pods.env(AVAGO_NETWORK_NAME="fuji")}, "fuji", "AVAGO_NETWORK_NAME", id="name"),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_NETWORK_NAME="fuji")}, "fuji", None, id="both alike"
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="", AVAGO_NETWORK_NAME="fuji")}, "fuji", "does not read", id="id empty"
        ),
        pytest.param({"args": ["--network-id=local"]}, "local", None, id="argument"),
        pytest.param(
            {"args": ["--network-id", "local"], "env": pods.env(AVAGO_NETWORK_ID="fuji")},
            "local",
            None,
            id="argument wins",
        ),
        pytest.param(
            {"args": ["--network-id=local"], "env": pods.env(AVAGO_NETWORK_ID=CONFIG_MAP)},
            "local",
            None,
            id="argument wins over valueFrom",
        ),
        pytest.param({"env": pods.env(NET="fuji", AVAGO_NETWORK_ID="$(NET)")}, "fuji", None, id="expanded"),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_NETWORK_NAME=CONFIG_MAP)},
            "fuji",
            None,
            id="name cannot be read",
        ),
    ],
)
def test_network(fields: dict[str, Any], network: str, warned: str | None) -> None:
    config = derive(**fields)

    assert config.network == network
    if warned is None:
        assert config.warnings == ()
    else:
        assert warned in config.warnings[0]


@pytest.mark.parametrize(
    ("fields", "reason", "named"),
    [
        pytest.param({}, "NetworkMissing", "AVAGO_NETWORK_ID", id="neither"),
        pytest.param({"env": pods.env(AVAGO_NETWORK_ID="")}, "NetworkMissing", "AVAGO_NETWORK_ID", id="empty"),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_NETWORK_NAME="mainnet")},
            "NetworkContradicts",
            "'fuji' and AVAGO_NETWORK_NAME is 'mainnet'",
            id="different",
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID=CONFIG_MAP)}, "NetworkUnreadable", "AVAGO_NETWORK_ID", id="valueFrom"
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_NAME=CONFIG_MAP)},
            "NetworkUnreadable",
            "AVAGO_NETWORK_NAME",
            id="name by valueFrom",
        ),
        pytest.param({"envFrom": ENV_FROM}, "NetworkUnreadable", "AVAGO_NETWORK_ID", id="envFrom"),
        pytest.param(
            {"envFrom": ENV_FROM, "env": pods.env(AVAGO_NETWORK_NAME="fuji")},
            "NetworkUnreadable",
            "AVAGO_NETWORK_ID",
            id="envFrom beside the name",
        ),
        pytest.param(
            {"args": ["--network-id=$(N)"], "env": pods.env(N=CONFIG_MAP)},
            "NetworkUnreadable",
            "--network-id",
            id="argument by valueFrom",
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK="yes")},
            "BadPartialSync",
            "AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK is 'yes'",
            id="partial sync",
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji", AVAGO_CHAIN_CONFIG_CONTENT="{}")},
            "BadChainConfig",
            "AVAGO_CHAIN_CONFIG_CONTENT",
            id="chain config",
        ),
        pytest.param(
            {"env": pods.env(AVAGO_NETWORK_ID="fuji"), "args": ["--chain-config-content={}"]},
            "BadChainConfig",
            "--chain-config-content",
            id="chain config argument",
        ),
    ],
)
def test_refused(fields: dict[str, Any], reason: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        derive(**fields)

    assert caught.value.reason == reason
    assert named in caught.value.what
    assert caught.value.check
    assert caught.value.do


def test_another_container_name() -> None:
    with pytest.raises(ConfigurationError, match="no container 'node'"):
        test_config.derive(pods.pod(pods.container("avago")), "node")


PARTIAL = "AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK"
CHAINS = "AVAGO_CHAIN_CONFIG_CONTENT"


@pytest.mark.parametrize(
    ("variables", "args", "mode"),
    [
        pytest.param({}, [], SyncMode.C_CHAIN_STATE_SYNC, id="default"),
        pytest.param({CHAINS: ""}, [], SyncMode.C_CHAIN_STATE_SYNC, id="empty"),
        pytest.param({CHAINS: chains()}, [], SyncMode.C_CHAIN_STATE_SYNC, id="not said"),
        pytest.param({CHAINS: FULL_SYNC}, [], SyncMode.FULL_SYNC, id="full"),
        pytest.param({}, [f"--chain-config-content={FULL_SYNC}"], SyncMode.FULL_SYNC, id="full by argument"),
        pytest.param(
            {CHAINS: FULL_SYNC},
            [f"--chain-config-content={chains()}"],
            SyncMode.C_CHAIN_STATE_SYNC,
            id="the argument wins",
        ),
        *[
            pytest.param(
                {PARTIAL: value, CHAINS: FULL_SYNC}, [], SyncMode.ONLY_P_CHAIN_FULL_SYNC, id=f"partial {value}"
            )
            for value in ("true", "TRUE", "True", "t", "T", "1")
        ],
        *[
            pytest.param({PARTIAL: value}, [], SyncMode.C_CHAIN_STATE_SYNC, id=f"partial {value}")
            for value in ("false", "FALSE", "False", "f", "F", "0", "")
        ],
        pytest.param({}, ["--partial-sync-primary-network"], SyncMode.ONLY_P_CHAIN_FULL_SYNC, id="bare flag"),
        pytest.param(
            {PARTIAL: "true"},
            ["--partial-sync-primary-network=false"],
            SyncMode.C_CHAIN_STATE_SYNC,
            id="the flag wins",
        ),
    ],
)
def test_sync_mode(variables: dict[str, str], args: list[str], mode: SyncMode) -> None:
    config = derive(env=pods.env(AVAGO_NETWORK_ID="fuji", **variables), args=args)

    assert config.sync_mode is mode
    assert config.warnings == ()


@pytest.mark.parametrize("name", [CHAINS, PARTIAL])
@pytest.mark.parametrize("how", ["valueFrom", "envFrom"])
def test_what_cannot_be_read_is_warned_of_and_taken_as_not_given(name: str, how: str) -> None:
    variables: dict[str, str | JsonObject] = {"AVAGO_NETWORK_ID": "fuji", CHAINS: "", PARTIAL: ""}
    if how == "valueFrom":
        variables[name] = CONFIG_MAP
        config = derive(env=pods.env(**variables))
    else:
        del variables[name]
        config = derive(env=pods.env(**variables), envFrom=ENV_FROM)

    assert config.sync_mode is SyncMode.C_CHAIN_STATE_SYNC
    assert config.chain_config == ""
    assert len(config.warnings) == 1
    assert name in config.warnings[0]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("full-sync", SyncMode.FULL_SYNC),
        ("c-chain-state-sync", SyncMode.C_CHAIN_STATE_SYNC),
        ("only-p-chain-full-sync", SyncMode.ONLY_P_CHAIN_FULL_SYNC),
        ("p-chain-full-sync-only", SyncMode.ONLY_P_CHAIN_FULL_SYNC),
    ],
)
def test_names_of_modes(name: str, mode: SyncMode) -> None:
    assert SyncMode(name) is mode
    assert str(SyncMode.ONLY_P_CHAIN_FULL_SYNC) == "only-p-chain-full-sync"


def test_unknown_mode() -> None:
    with pytest.raises(ValueError, match="sync"):
        SyncMode("sync")


@pytest.mark.parametrize(
    ("annotation", "versions", "warned"),
    [
        pytest.param(None, None, False, id="none"),
        pytest.param("", None, False, id="empty"),
        pytest.param('{"go": "1", "application": "x"}', '{"go": "1", "application": "x"}', False, id="verbatim"),
        pytest.param("{", None, True, id="rubbish"),
    ],
)
def test_image_and_versions(annotation: str | None, versions: str | None, warned: bool) -> None:
    annotations = {} if annotation is None else {names.VERSIONS_ANNOTATION: annotation}
    node = pods.container(image="host:5000/x:y", env=pods.env(AVAGO_NETWORK_ID="fuji"))
    config = test_config.derive(pods.pod(node, annotations=annotations), pods.NODE)

    assert config.image == "host:5000/x:y"
    assert config.versions == versions
    assert bool(config.warnings) is warned


@given(st.permutations(pods.env(AVAGO_NETWORK_ID="fuji", OTHER="1", **{CHAINS: FULL_SYNC, PARTIAL: "0"})))
def test_the_order_of_variables_does_not_matter(variables: list[JsonObject]) -> None:
    assert derive(env=variables) == TestConfig(
        network="fuji",
        sync_mode=SyncMode.FULL_SYNC,
        chain_config='{"C":{"config":{"state-sync-enabled":false}}}',
        image="avaplatform/avalanchego:latest",
        versions=None,
    )
