from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import versions

PRINTED = """{"application": "avalanchego/1.13.0", "database": "v1.4.5", "rpcchainvm": 39,
 "commit": "", "go": "1.23.6"}""".replace("\n", "")
COMPACT = '{"application":"avalanchego/1.13.0","database":"v1.4.5","rpcchainvm":39,"commit":"","go":"1.23.6"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(PRINTED, COMPACT, id="alone"),
        pytest.param(f"{PRINTED}\n", COMPACT, id="line"),
        pytest.param(json.dumps(json.loads(PRINTED), indent=2), COMPACT, id="indented"),
        pytest.param(f"WARN fd limit {{8192}}\n{PRINTED}\nbye {{\n", COMPACT, id="noise around"),
        pytest.param(f'{PRINTED}\n{{"level": "info", "msg": "stopped"}}\n', COMPACT, id="JSON log behind"),
        pytest.param(f'{{"level": "info"}}{PRINTED}', COMPACT, id="JSON log before, same line"),
        pytest.param(f'{{"application": "old"}}\n{PRINTED}', COMPACT, id="the last of two"),
        pytest.param(f'{PRINTED}\n{{"application": 1}}\n', COMPACT, id="application is no text"),
        pytest.param(f'{{"inner": {PRINTED}}}', None, id="inside of another object"),
        pytest.param('{"application": "\u00e9"}', '{"application":"\u00e9"}', id="not ASCII"),
        pytest.param("{" * 100_000 + PRINTED, COMPACT, id="many braces"),
        pytest.param('{"a":' * 5_000 + PRINTED, COMPACT, id="nested too deep"),
        pytest.param(PRINTED + " " * 70_000, None, id="too far from the end"),
        pytest.param('{"application": "x", "n": NaN}', None, id="not JSON"),
        pytest.param("avalanchego/1.13.0 [database=v1.4.5]", None, id="text form"),
        pytest.param("flag provided but not defined: -version-json", None, id="flag unknown"),
        pytest.param(f"[{PRINTED[:-1]}", None, id="cut off"),
        pytest.param("", None, id="empty"),
    ],
)
def test_parse_versions(text: str, expected: str | None) -> None:
    assert versions.parse_versions(text) == expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        pytest.param(COMPACT, json.loads(COMPACT), id="ours"),
        pytest.param(f" {PRINTED}\n", json.loads(COMPACT), id="blanks"),
        pytest.param('{"a": 1}', {"a": 1}, id="another object"),
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("null", None, id="null"),
        pytest.param("[1]", None, id="list"),
        pytest.param('{"a": 1} x', None, id="more behind"),
        pytest.param("{", None, id="rubbish"),
    ],
)
def test_versions_of(annotation: str | None, expected: dict[str, Any] | None) -> None:
    assert versions.versions_of(annotation) == expected


_noise = st.text(alphabet='ab{}[]":,\\ \n', max_size=40).map(lambda text: f"{text}\n")


@given(before=_noise.filter(lambda text: "{" not in text), behind=_noise)
def test_noise_does_not_matter(before: str, behind: str) -> None:
    assert versions.parse_versions(f"{before}{PRINTED}\n{behind}") == COMPACT
