from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import chain_config
from bootstrap_monitor.errors import ConfigurationError

SOURCE = "AVAGO_CHAIN_CONFIG_CONTENT"


REFUSED_VALUES: tuple[Any, ...] = ("yes", "", "tRUE", " true", [], {}, [True])


def encoded(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.b64encode(text).decode()


def c_chain(config: Any) -> str:
    return encoded({"C": {"Config": encoded(config), "Upgrade": None}})


def state_sync(value: Any) -> str:
    return c_chain({"state-sync-enabled": value})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[
            pytest.param(state_sync(value), True, id=f"value {value!r}")
            for value in (True, 1, 2.5, -1, "1", "t", "T", "true", "TRUE", "True")
        ],
        *[
            pytest.param(state_sync(value), False, id=f"value {value!r}")
            for value in (False, None, 0, 0.0, "0", "f", "F", "false", "FALSE", "False")
        ],
        pytest.param(encoded({}), True, id="no chains"),
        pytest.param(encoded(None), True, id="null"),
        pytest.param(encoded({"X": {"Config": encoded({"state-sync-enabled": False})}}), True, id="another chain"),
        pytest.param(encoded({"c": {"Config": encoded({"state-sync-enabled": False})}}), True, id="c in small"),
        pytest.param(c_chain({"State-Sync-Enabled": False}), True, id="the key in capitals"),
        pytest.param(encoded({"C": {"config": encoded({"state-sync-enabled": False})}}), False, id="config"),
        pytest.param(encoded({"C": {"CONFIG": encoded({"state-sync-enabled": False})}}), False, id="CONFIG"),
        pytest.param(encoded({"C": {}}), True, id="C without config"),
        pytest.param(encoded({"C": None}), True, id="C null"),
        pytest.param(encoded({"C": {"Config": None}}), True, id="config null"),
        pytest.param(encoded({"C": {"Config": ""}}), True, id="config empty"),
        pytest.param(c_chain(None), True, id="config of null"),
        pytest.param(c_chain({}), True, id="not in config"),
        pytest.param(f"\n{state_sync(False)[:8]}\r\n{state_sync(False)[8:]}\n", False, id="line breaks"),
    ],
)
def test_state_sync(text: str, expected: bool) -> None:
    assert chain_config.parse(text, SOURCE).state_sync is expected


@pytest.mark.parametrize(
    ("text", "because"),
    [
        pytest.param("{}", "not base64", id="plain JSON"),
        pytest.param("caf\u00e9", "not base64", id="not ASCII"),
        pytest.param("e30", "not base64", id="no padding"),
        pytest.param(encoded(b"{"), "not JSON", id="broken JSON"),
        pytest.param(encoded(b"\xff"), "not JSON", id="not UTF-8"),
        pytest.param(encoded(b'{"C": NaN}'), "not JSON", id="NaN"),
        pytest.param(encoded(b"[" * 100_000), "not JSON", id="nested too deep"),
        pytest.param(encoded([]), "not a JSON object", id="list"),
        pytest.param(encoded({"C": 1}), "'C' is not", id="chain is a number"),
        pytest.param(encoded({"X": {"Config": {}}}), "'Config' of chain 'X'", id="config is an object"),
        pytest.param(encoded({"X": {"upgrade": "{}"}}), "'upgrade' of chain 'X'", id="upgrade is not base64"),
        pytest.param(c_chain(b"{"), "C-Chain's configuration is not JSON", id="C's is not JSON"),
        pytest.param(c_chain([]), "C-Chain's configuration is not a JSON object", id="C's is a list"),
        *[pytest.param(state_sync(value), "'state-sync-enabled'", id=f"value {value!r}") for value in REFUSED_VALUES],
    ],
)
def test_refused(text: str, because: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        chain_config.parse(text, SOURCE)

    assert caught.value.what.startswith(SOURCE)
    assert because in caught.value.what
    assert SOURCE in caught.value.check


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param(encoded({}), "{}", id="no chains"),
        pytest.param(
            encoded({"X": {"Config": encoded({"b": 1, "a": 2})}, "C": {"upgrade": encoded({"u": []})}}),
            '{"C":{"upgrade":{"u":[]}},"X":{"config":{"a":2,"b":1}}}',
            id="sorted",
        ),
        pytest.param(
            encoded({"myvm": {"Config": encoded(b"a = 1")}}),
            '{"myvm":{"config":{"base64":"YSA9IDE="}}}',
            id="no JSON in it",
        ),
        pytest.param(encoded({"C": {"Config": None, "Upgrade": "", "Other": 1}, "P": None}), "{}", id="nothing given"),
    ],
)
def test_canonical(text: str, canonical: str) -> None:
    assert chain_config.parse(text, SOURCE).canonical == canonical


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_configs = st.dictionaries(st.text(max_size=5).filter(lambda key: key != "state-sync-enabled"), _values, max_size=5)


@given(config=_configs, upgrade=_configs, data=st.data())
def test_one_form_for_all_spellings(config: dict[str, Any], upgrade: dict[str, Any], data: st.DataObject) -> None:
    def spelling(content: dict[str, Any]) -> bytes:
        items = data.draw(st.permutations(list(content.items())))
        indent = data.draw(st.sampled_from([None, 0, 2]))
        ascii_only = data.draw(st.booleans())
        return json.dumps(dict(items), indent=indent, ensure_ascii=ascii_only).encode()

    def outer() -> str:
        names = data.draw(st.sampled_from([("Config", "Upgrade"), ("upgrade", "config"), ("CONFIG", "uPGRADE")]))
        parts = {"config": encoded(spelling(config)), "upgrade": encoded(spelling(upgrade))}
        return encoded({"C": {name: parts[name.lower()] for name in names}})

    one, other = chain_config.parse(outer(), SOURCE), chain_config.parse(outer(), SOURCE)

    assert one == other
    assert json.loads(one.canonical) == {"C": {"config": config, "upgrade": upgrade}}


@given(one=_configs, other=_configs)
def test_different_configurations_stay_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    same_text = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    same = chain_config.parse(c_chain(one), SOURCE) == chain_config.parse(c_chain(other), SOURCE)

    assert same == same_text
