"""Clearing: everything of the node's goes, nothing else does, and it can be killed at any point."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bootstrap_monitor.adapters.volume.clear import clear
from bootstrap_monitor.errors import ConfigurationError, TransientError
from tests.support.kills import killed_at, observed
from tests.support.trees import KEEP, NODE, ignore, make, names, read


@pytest.mark.parametrize("relative", ["", ".", "./."])
def test_the_root_is_emptied_but_for_what_is_kept(relative: str, root: Path, outside: Path) -> None:
    kept = {"kept": b"1", "lost+found": {"kept": b"2"}}
    make(root, {**NODE, **kept, "link": outside, "deep": {"kept": b"", "link": outside / "precious"}})

    clear(root, relative, keep=KEEP, progress=ignore)

    assert read(root) == kept


@pytest.mark.parametrize(
    ("relative", "left"),
    [
        ("node", {"a": {"node": b"1"}, "node2": b"2", "kept": {}}),
        ("a/node", {"a": {}, "node": NODE | {"kept": b""}, "node2": b"2", "kept": {}}),
        ("./a//node/", {"a": {}, "node": NODE | {"kept": b""}, "node2": b"2", "kept": {}}),
        ("node2", {"a": {"node": b"1"}, "node": NODE | {"kept": b""}, "kept": {}}),
    ],
    ids=["folder", "file deeper", "odd spelling", "file"],
)
def test_a_place_is_removed_with_all_that_is_in_it(
    relative: str, left: dict[str, Any], root: Path, outside: Path
) -> None:
    make(root, {"a": {"node": b"1"}, "node": NODE | {"kept": b""}, "node2": b"2", "kept": {}})

    clear(root, relative, keep=KEEP, progress=ignore)

    assert read(root) == left


@pytest.mark.parametrize("relative", ["absent", "absent/deeper", "there/absent"])
def test_an_absent_place_is_clear(relative: str, root: Path) -> None:
    make(root, {"there": {"file": b""}})

    clear(root, relative, keep=KEEP, progress=ignore)

    assert read(root) == {"there": {"file": b""}}


@pytest.mark.parametrize(
    ("relative", "culprit"),
    [
        ("link", "volume/link,"),
        ("link/precious", "volume/link,"),
        ("a/link", "volume/a/link,"),
        ("a/link/precious", "volume/a/link,"),
        ("inner/file", "volume/inner,"),
        ("a/file/x", "volume/a/file,"),
        ("..", "'..'"),
        ("../outside", "'../outside'"),
        ("a/../../outside", "'a/../../outside'"),
        ("/outside", "'/outside'"),
        ("kept", "'kept'"),
        ("lost+found/x", "'lost+found/x'"),
    ],
)
def test_a_place_that_may_be_another_is_refused(relative: str, culprit: str, root: Path, outside: Path) -> None:
    tree = {
        "link": outside,
        "a": {"link": outside, "file": b""},
        "inner": Path("a"),
        "kept": {},
        "lost+found": {"x": {}},
    }
    make(root, tree)

    with pytest.raises(ConfigurationError) as caught:
        clear(root, relative, keep=KEEP, progress=ignore)

    assert culprit in caught.value.what
    assert caught.value.reason == "ClearRefused"
    assert read(root) == tree


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    make(root, NODE)
    (tmp_path / "data").symlink_to(root)

    clear(tmp_path / "data", "", keep=KEEP, progress=ignore)

    assert read(root) == {}


def test_an_absent_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match=r"absent: No such file or directory \(ENOENT\)"):
        clear(tmp_path / "absent", "", keep=KEEP, progress=ignore)


ENTRY_NAMES = st.text("ab\xe9 \n-", min_size=1, max_size=4)
LEAVES = st.one_of(
    st.binary(max_size=3), st.sampled_from(["..", "../outside", "../../outside/precious", "a"]).map(Path)
)
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    ENTRY_NAMES,
    st.recursive(LEAVES, lambda inner: st.dictionaries(ENTRY_NAMES, inner, max_size=4), max_leaves=20),
    max_size=5,
)


@settings(max_examples=40)
@given(TREES, TREES, st.sets(ENTRY_NAMES, max_size=3), st.integers(0, 40))
def test_whatever_is_there_and_whenever_killed_only_the_kept_stays(
    tree: dict[str, Any], extra: dict[str, Any], keep: set[str], turn: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside, root = Path(folder) / "outside", Path(folder) / "volume"
        outside.mkdir()
        (outside / "precious").write_bytes(b"weeks")
        root.mkdir()
        make(root, tree | {"place": extra})

        with killed_at(turn):
            clear(root, "place", keep=(), progress=ignore)
        clear(root, "place", keep=(), progress=ignore)
        assert read(root) == tree

        with killed_at(turn):
            clear(root, "", keep=keep, progress=ignore)
        clear(root, "", keep=keep, progress=ignore)
        assert read(root) == {name: content for name, content in tree.items() if name in keep}
        assert read(outside) == {"precious": b"weeks"}


def test_each_top_level_entry_is_an_effect(root: Path) -> None:
    make(root, NODE)
    entry = ["before volume.remove entry", "after volume.remove entry"]

    with observed() as seen:
        clear(root, "db", keep=KEEP, progress=ignore)  # v1, then db itself
    assert seen == entry * 2

    with observed() as seen:
        clear(root, "", keep=KEEP, progress=ignore)
    assert seen == entry * 2


def test_progress_counts_entries(root: Path) -> None:
    make(root, {"a": {str(number): b"" for number in range(1200)}, "b": {str(n): {} for n in range(900)}})
    seen: list[int] = []

    clear(root, "", keep=KEEP, progress=seen.append)

    assert seen == [1000, 2000, 2102]


def test_more_entries_than_a_batch_are_removed(root: Path) -> None:
    make(root, {"db": {str(number): b"" for number in range(10_050)}})
    seen: list[int] = []

    clear(root, "db", keep=KEEP, progress=seen.append)

    assert (names(root), seen[-1]) == ([], 10_051)


def test_depth_needs_neither_recursion_nor_descriptors(root: Path) -> None:
    depth = 1500
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    seen: list[int] = []

    clear(root, "d", keep=KEEP, progress=seen.append)

    assert (names(root), seen[-1]) == ([], depth)


def test_names_that_are_no_unicode_are_removed(root: Path) -> None:
    (root / os.fsdecode(b"\xff\xfe")).mkdir()
    (root / os.fsdecode(b"\xff\xfe") / os.fsdecode(b"\xfd")).touch()

    clear(root, "", keep=KEEP, progress=ignore)

    assert names(root) == []


def test_pipes_and_sockets_and_broken_links_are_removed(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "broken").symlink_to("nowhere")

    clear(root, "", keep=KEEP, progress=ignore)

    assert names(root) == []
