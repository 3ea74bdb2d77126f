"""Mount paths in arguments and variables."""

from pathlib import Path

import pytest

from e2e.clusters.local.kubelet.paths import Paths

PATHS = Paths({"/data": Path("/real/one"), "/data/inner/": Path("/real/two"), "/dev/termination-log": Path("/t")})


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("/data", "/real/one"),
        ("/data/", "/real/one/"),
        ("/data/x", "/real/one/x"),
        ("/data/inner", "/real/two"),
        ("/data/inner/x", "/real/two/x"),
        ("/data/innermost", "/real/one/innermost"),
        ("--data-dir=/data", "--data-dir=/real/one"),
        ("/data/a:/data/inner", "/real/one/a:/real/two"),
        ('{"path": "/data/x"}', '{"path": "/real/one/x"}'),
        ("echo x >/dev/termination-log", "echo x >/t"),
        ("/database", "/database"),
        ("/data-2", "/data-2"),
        ("/data.old", "/data.old"),
        ("/other/data", "/other/data"),
        ("./data", "./data"),
        ("http://data/x", "http://data/x"),
        ("data", "data"),
    ],
)
def test_only_whole_paths_are_rewritten_by_the_longest_mount(text: str, rewritten: str) -> None:
    assert PATHS.rewritten(text) == rewritten


def test_what_was_put_in_is_not_rewritten_again() -> None:
    paths = Paths({"/a": Path("/b"), "/b": Path("/a")})
    assert paths.rewritten("/a /b") == "/b /a"


def test_without_mounts_and_with_one_of_the_root_nothing_changes() -> None:
    assert Paths({}).rewritten("/data") == Paths({"/": Path("/x")}).rewritten("/data") == "/data"
