from __future__ import annotations

import pytest

from bootstrap_monitor.core.archive.layout import Layout
from bootstrap_monitor.core.archive.member import Kind, Member
from bootstrap_monitor.core.archive.refused import Refused


def landed(names: list[str], strip: int | None = None) -> dict[str, str]:
    """Of each name that is not left out, where it lands; a name with a slash at its end is a folder's."""
    layout = Layout(strip)
    places = {}
    for name in names:
        entry = layout.entry(Member(name.encode(), Kind.FOLDER if name.endswith("/") else Kind.FILE))
        if entry:
            places[name] = b"/".join(entry.path).decode()
    layout.finished()
    return places


LAYOUTS: dict[str, tuple[list[str], dict[str, str]]] = {
    "db at the top": (["db/", "db/a"], {"db/": "db", "db/a": "db/a"}),
    "no folders": (["db/mainnet/a"], {"db/mainnet/a": "db/mainnet/a"}),
    "from a dot": (["./", "./db/", "./db/a"], {"./db/": "db", "./db/a": "db/a"}),
    "below another": (["x/", "x/db/", "x/db/a"], {"x/db/": "db", "x/db/a": "db/a"}),
    "deep": (["root/.avalanchego/db/a"], {"root/.avalanchego/db/a": "db/a"}),
    "the first of two": (["x/db/a", "y/db/b"], {"x/db/a": "db/a"}),
    "db in db": (["x/db/db/a"], {"x/db/db/a": "db/db/a"}),
    "beside others": (["x/staking/key", "x/db/a", "x/logs/log", "x/z"], {"x/db/a": "db/a"}),
    "a file called db": (["x/db", "x/y/db/a"], {"x/y/db/a": "db/a"}),
    "the root is the database": (
        ["CURRENT", "1.ldb", "x/"],
        {"CURRENT": "db/CURRENT", "1.ldb": "db/1.ldb", "x/": "db/x"},
    ),
    "the root has networks": (
        ["mainnet/", "mainnet/v1.4.5/", "mainnet/v1.4.5/000001.ldb", "mainnet/v1.4.5/LOG"],
        {name: f"db/{name}" for name in ("mainnet/v1.4.5/000001.ldb", "mainnet/v1.4.5/LOG")},
    ),
}


@pytest.mark.parametrize(("names", "places"), LAYOUTS.values(), ids=LAYOUTS)
def test_the_archives_db_becomes_the_nodes(names: list[str], places: dict[str, str]) -> None:
    assert landed(names) == places


@pytest.mark.parametrize("strip", [0, 1, 2])
def test_leading_parts_are_dropped(strip: int) -> None:
    names = ["a/", "a/b/", "a/b/c", "x"]
    parts = {name: name.strip("/").split("/")[strip:] for name in names}
    assert landed(names, strip) == {name: "/".join(rest) for name, rest in parts.items() if rest}


@pytest.mark.parametrize("names", [[], ["x/"], ["README", "x/1.ldb"], ["x/v1/1.ldb"]])
def test_no_database(names: list[str]) -> None:
    with pytest.raises(Refused, match="no database among the first") as caught:
        landed(names)
    assert caught.value.reason == "ArchiveLayout"


def test_what_begins_late_is_told_before_it_is_fetched() -> None:
    with pytest.raises(Refused, match=r"first 1000 members; it begins with 'x'$"):
        landed([f"x/{number}" for number in range(1000)] + ["x/db/a"])


def test_a_database_that_is_found_goes_on() -> None:
    assert len(landed(["db/a", *(f"x/{number}" for number in range(2000)), "db/b"])) == 2


def test_what_is_left_out_is_named_once() -> None:
    layout = Layout(None)
    for name in ["x/a", "x/b", "staking/key", "db/a", *(f"y{number}/a" for number in range(20))]:
        layout.entry(Member(name.encode(), Kind.FILE))
    assert layout.skipped == ["'x'", "'staking'", *(f"'y{number}'" for number in range(8))]


def test_links_are_seen_from_where_they_land() -> None:
    layout = Layout(None)
    layout.entry(Member(b"x/db/v1/a", Kind.FILE))
    hard = layout.entry(Member(b"x/db/b", Kind.HARDLINK, link=b"x/db/v1/a"))
    assert hard
    assert hard.source == (b"db", b"v1", b"a")
    inside = Member(b"x/db/v1/l", Kind.SYMLINK, link=b"../../a")
    assert layout.entry(inside)
    with pytest.raises(Refused, match="leads out"):
        layout.entry(Member(b"x/db/v1/l", Kind.SYMLINK, link=b"../../../a"))
