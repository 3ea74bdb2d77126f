"""Which edit of the pod makes another test, and which does not."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.fingerprint import Change, Fingerprint, first_change
from bootstrap_monitor.core.json import JsonObject
from tests.core import pods
from tests.support.objects import DIGEST, OTHER_DIGEST, PINNED, node_of, own_fingerprint, pod_from, template

CHAINS = "AVAGO_CHAIN_CONFIG_CONTENT"
PARTIAL = "AVAGO_PARTIAL_SYNC_PRIMARY_NETWORK"


def encoded(value: Any, **style: Any) -> str:
    return base64.b64encode(json.dumps(value, **style).encode()).decode()


def chains(**config_by_chain: Any) -> str:
    return encoded({chain: {"Config": encoded(config)} for chain, config in config_by_chain.items()})


def pod(*, image: str = PINNED, retest: str | None = None, **env: str) -> JsonObject:
    """The pod of a test; fuji unless ``env`` says otherwise."""
    annotations = {} if retest is None else {names.RETEST_ANNOTATION: retest}
    made = pod_from(template(image, annotations))
    node_of(made)["env"] = pods.env(**{"AVAGO_NETWORK_ID": "fuji", **env})
    return made


STATE_SYNC: dict[str, str] = {}
FULL_SYNC = {CHAINS: chains(C={"state-sync-enabled": False})}
ONLY_P = {PARTIAL: "true"}
PRUNING = {"pruning-enabled": True, "eth-apis": ["eth", "net"]}
TWO_CHAINS = {CHAINS: chains(C=PRUNING, X={"index-transactions": False})}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param(pod(), pod(image=f"{PINNED[:-64]}{'b' * 64}"), "ImageChanged", id="digest"),
        pytest.param(pod(), pod(AVAGO_NETWORK_ID="mainnet"), "NetworkChanged", id="network"),
        pytest.param(pod(AVAGO_NETWORK_ID="mainnet"), pod(), "NetworkChanged", id="network back"),
        pytest.param(pod(), pod(AVAGO_NETWORK_ID="network-1"), "NetworkChanged", id="custom network"),
        pytest.param(pod(), pod(AVAGO_NETWORK_ID="FUJI"), "NetworkChanged", id="network in capitals"),
        pytest.param(pod(**STATE_SYNC), pod(**FULL_SYNC), "SyncModeChanged", id="state to full"),
        pytest.param(pod(**FULL_SYNC), pod(**STATE_SYNC), "SyncModeChanged", id="full to state"),
        pytest.param(pod(**STATE_SYNC), pod(**ONLY_P), "SyncModeChanged", id="state to only P"),
        pytest.param(pod(**ONLY_P), pod(**STATE_SYNC), "SyncModeChanged", id="only P to state"),
        pytest.param(pod(**FULL_SYNC), pod(**FULL_SYNC, **ONLY_P), "SyncModeChanged", id="full to only P"),
        pytest.param(pod(**FULL_SYNC, **ONLY_P), pod(**FULL_SYNC), "SyncModeChanged", id="only P to full"),
        pytest.param(pod(), pod(**TWO_CHAINS), "ChainConfigChanged", id="config added"),
        pytest.param(pod(**TWO_CHAINS), pod(), "ChainConfigChanged", id="config removed"),
        pytest.param(
            pod(**TWO_CHAINS),
            pod(**{CHAINS: chains(C=PRUNING | {"pruning-enabled": False}, X={"index-transactions": False})}),
            "ChainConfigChanged",
            id="nested value",
        ),
        pytest.param(
            pod(**TWO_CHAINS),
            pod(**{CHAINS: chains(C=PRUNING | {"eth-apis": ["net", "eth"]}, X={"index-transactions": False})}),
            "ChainConfigChanged",
            id="nested list's order",
        ),
        pytest.param(
            pod(**TWO_CHAINS),
            pod(**{CHAINS: chains(C=PRUNING | {"log-level": "debug"}, X={"index-transactions": False})}),
            "ChainConfigChanged",
            id="nested key added",
        ),
        pytest.param(
            pod(**TWO_CHAINS),
            pod(**{CHAINS: chains(C=PRUNING, X={"index-transactions": True})}),
            "ChainConfigChanged",
            id="another chain's value",
        ),
        pytest.param(pod(**TWO_CHAINS), pod(**{CHAINS: chains(C=PRUNING)}), "ChainConfigChanged", id="chain removed"),
        pytest.param(pod(), pod(retest="1"), "RetestChanged", id="retest asked"),
        pytest.param(pod(retest="1"), pod(retest="2"), "RetestChanged", id="retest asked again"),
    ],
)
def test_an_edit_that_makes_another_test(before: JsonObject, after: JsonObject, reason: str) -> None:
    was, now = own_fingerprint(before), own_fingerprint(after)

    change = first_change(was.fields(), now)

    assert change is not None
    assert change.reason == reason
    assert (change.before, change.after) == (was.fields()[change.field], now.fields()[change.field])
    # Alone, the field is enough; full sync differs from state sync by its chain config too.
    alone = replace(was, **{change.field: change.after})
    assert first_change(was.fields(), alone) == change


def respelled(edit: Callable[[JsonObject], object], original: JsonObject) -> JsonObject:
    edited = copy.deepcopy(original)
    edit(node_of(edited))
    return edited


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            pod(**TWO_CHAINS, OTHER="1"),
            respelled(lambda node: node["env"].reverse(), pod(**TWO_CHAINS, OTHER="1")),
            id="env's order",
        ),
        pytest.param(
            pod(**TWO_CHAINS),
            pod(
                **{
                    CHAINS: encoded(
                        {
                            "X": {"config": encoded({"index-transactions": False}, indent=2)},
                            "C": {"Upgrade": None, "CONFIG": encoded(dict(reversed(PRUNING.items())), indent=1)},
                        },
                        indent=4,
                    )
                }
            ),
            id="order of JSON keys",
        ),
        pytest.param(
            pod(),
            respelled(lambda node: node.update(env=[], args=["--network-id=fuji"]), pod()),
            id="argument for a variable",
        ),
        pytest.param(pod(retest="1"), pod(), id="retest removed"),
        pytest.param(pod(retest="1"), pod(retest=""), id="retest emptied"),
        pytest.param(pod(), pod(retest=""), id="an empty retest"),
        pytest.param(pod(), pod(image=f"docker.io/avaplatform/avalanchego@{DIGEST}"), id="another repository"),
        pytest.param(pod(), pod(image=PINNED.replace("@", ":v1@")), id="a tag beside the digest"),
        pytest.param(pod(), pod(GOMAXPROCS="4"), id="what is no field"),
    ],
)
def test_an_edit_that_does_not(before: JsonObject, after: JsonObject) -> None:
    assert first_change(own_fingerprint(before).fields(), own_fingerprint(after)) is None


BASE = Fingerprint(image=DIGEST, network="fuji", sync_mode="full-sync", chain_config="{}", retest="1")


@pytest.mark.parametrize("field", BASE.fields())
def test_a_field_unknown_to_the_file_is_no_change(field: str) -> None:
    recorded = {name: value for name, value in BASE.fields().items() if name != field}

    assert first_change(recorded, BASE) is None
    assert first_change({}, BASE) is None


def test_a_field_unknown_to_this_release_is_no_change() -> None:
    assert first_change({**BASE.fields(), "archive": "s3://x"}, BASE) is None


def test_the_first_of_several_changes_is_named() -> None:
    other = Fingerprint(image=OTHER_DIGEST, network="mainnet", sync_mode="c-chain-state-sync")

    assert first_change(BASE.fields(), other) == Change("image", DIGEST, OTHER_DIGEST)


def test_hash() -> None:
    """Stored with results: it may never change."""
    assert BASE.hash() == "f4e9744ea269911f"
    assert replace(BASE, chain_config="", retest="").hash() == "ab3d62be70ee91ab"


@pytest.mark.parametrize("field", ["image", "network", "sync_mode", "chain_config"])
def test_the_hash_covers(field: str) -> None:
    assert replace(BASE, **{field: "other"}).hash() != BASE.hash()


def test_a_retest_has_the_hash_of_its_test() -> None:
    assert replace(BASE, retest="2").hash() == replace(BASE, retest="").hash() == BASE.hash()


def test_a_later_field_with_an_empty_default_keeps_the_hash() -> None:
    @dataclass(frozen=True)
    class Later(Fingerprint):
        archive: str = ""

    later = Later(**BASE.fields())

    assert later.fields() == {**BASE.fields(), "archive": ""}
    assert later.hash() == BASE.hash()
    assert replace(later, archive="s3://x").hash() != BASE.hash()
