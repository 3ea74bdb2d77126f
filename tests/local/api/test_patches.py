"""Strategic merge, where it is unlike a merge patch."""

from __future__ import annotations

import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.patches import merged, strategic

OLD: Json = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}, {"name": "c", "image": "1"}]}


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        ({"containers": [{"name": "b", "image": "2"}]}, "abc"),
        ({"containers": [{"name": "x", "image": "2"}]}, "xabc"),
        ({"containers": [{"name": "x", "image": "2"}, {"name": "b", "image": "2"}]}, "xabc"),
        ({"containers": [{"name": "c", "image": "2"}, {"name": "a", "image": "2"}]}, "bca"),
        ({"containers": [{"name": "b", "$patch": "delete"}]}, "ac"),
        ({"containers": [{"name": "x"}, {"$patch": "replace"}]}, "x"),
        ({"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]}, "cba"),
        ({"containers": None}, ""),
        ({"$patch": "replace", "containers": [{"name": "x"}]}, "x"),
        ({"$retainKeys": ["other"], "containers": [{"name": "x"}]}, "x"),
    ],
)
def test_lists_with_a_key(patch: Json, names: str) -> None:
    assert "".join(one["name"] for one in strategic(OLD, patch).get("containers", [])) == names


def test_what_an_item_has_stays() -> None:
    old: Json = {"containers": [{"name": "a", "image": "1", "env": [{"name": "k", "value": "v"}], "args": ["x", "y"]}]}
    env = [{"name": "k", "value": None}, {"name": "l", "value": "w"}]
    [after] = strategic(old, {"containers": [{"name": "a", "env": env, "args": ["z"]}]})["containers"]
    assert after == {"name": "a", "image": "1", "env": [{"name": "k"}, {"name": "l", "value": "w"}], "args": ["z"]}


def test_a_merge_patch_replaces_lists_and_null_deletes() -> None:
    assert merged({"a": [1, 2], "b": {"c": 1, "d": 2}}, {"a": [3], "b": {"c": None}}) == {"a": [3], "b": {"d": 2}}
