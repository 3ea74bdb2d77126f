from __future__ import annotations

import resource
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.errors import ConfigurationError
from tests.support.archives import Item, file, folder, hardlink, restored, symlink, tar
from tests.support.trees import read

PAX = tarfile.PAX_FORMAT


def pax(name: str, **headers: str) -> Item:
    return file(name, pax_headers={key.replace("_", "."): value for key, value in headers.items()})


HOSTILE: dict[str, list[Item]] = {
    "absolute path": [file("/db/x")],
    "parent folder": [file("db/../../outside/precious")],
    "parent folder alone": [folder("db/..")],
    "parent folder, GNU long name": [file("db/" + "a" * 120 + "/../../../outside/precious")],
    "absolute path, PAX": [pax("db/x", path="/db/x")],
    "parent folder, PAX": [pax("db/x", path="db/../../outside/precious")],
    "NUL in a PAX path": [pax("db/x", path="db/x\0y")],
    "symbolic link to an absolute path": [symlink("db/l", "/etc")],
    "symbolic link up": [symlink("db/l", "../../outside")],
    "symbolic link up, PAX": [file("db/l", b"", type=tarfile.SYMTYPE, pax_headers={"linkpath": "../../outside"})],
    "symbolic link that leaves behind a name": [folder("db/a/b/c"), symlink("db/l", "a/b/../../../../outside")],
    "symbolic link up over another": [
        folder("db/a/b"),
        symlink("db/a/b/l", "../.."),
        symlink("db/m", "a/b/l/../../outside"),
    ],
    "symbolic link to nothing": [symlink("db/l", "")],
    "symbolic link of endless text": [symlink("db/l", "a/" * 2100)],
    "file through a symbolic link": [folder("db/d"), symlink("db/l", "d"), file("db/l/x")],
    "folder through a symbolic link": [folder("db/d"), symlink("db/l", "d"), folder("db/l/x")],
    "link through a symbolic link": [folder("db/d"), symlink("db/l", "d"), symlink("db/l/x", "y")],
    "hard link from a symbolic link's folder": [
        folder("db/d"),
        file("db/d/x"),
        symlink("db/l", "d"),
        hardlink("db/y", "db/l/x"),
    ],
    "hard link to an absolute path": [hardlink("db/x", "/etc/passwd")],
    "hard link up": [hardlink("db/x", "db/../../outside/precious")],
    "hard link to what is left out": [file("staking/key"), file("db/y"), hardlink("db/x", "staking/key")],
    "hard link to a symbolic link": [folder("db/a"), symlink("db/a/l", "../.."), hardlink("db/l", "db/a/l")],
    "hard link to a folder": [folder("db/d"), hardlink("db/x", "db/d")],
    "hard link to itself": [file("db/x"), hardlink("db/x", "db/x")],
    "character device": [file("db/x", b"", type=tarfile.CHRTYPE)],
    "block device": [file("db/x", b"", type=tarfile.BLKTYPE)],
    "named pipe": [file("db/x", b"", type=tarfile.FIFOTYPE)],
    "unknown kind": [file("db/x", b"", type=b"Z")],
    "long part": [file("db/" + "a" * 256)],
    "long path": [file("db/" + "a/" * 95 + "/".join(["b" * 250] * 17))],
    "deep path": [file("db/" + "a/" * 100 + "x")],
    "large PAX header": [pax("db/x", comment="c" * (1024 * 1024))],
    "file as folder": [file("db/x"), file("db/x/y")],
    "file for a folder that is not empty": [file("db/x/y"), file("db/x")],
}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("items", HOSTILE.values(), ids=HOSTILE)
def test_what_no_member_may_do(root: Path, items: list[Item]) -> None:
    (root / "kept").write_bytes(b"ours")
    with pytest.raises(ConfigurationError) as caught:
        restored(tar(file("db/before"), *items, format=PAX if items[0][0].pax_headers else tarfile.GNU_FORMAT), root)
    assert caught.value.reason == "ArchiveUnsafe"
    assert caught.value.what.startswith("archive: member '")
    assert read(root) == {"kept": b"ours"}


@pytest.mark.parametrize("name", ["bootstrap_test_details.txt", "x/BOOTSTRAP_test_details.txt"])
def test_our_own_files_are_not_the_archives(root: Path, name: str) -> None:
    strip, kept = name.count("/"), {"bootstrap_test_details.txt": b"ours"}
    (root / "bootstrap_test_details.txt").write_bytes(b"ours")
    for items in ([file(name)], [hardlink("x/" * strip + "db", name)], [folder(name)]):
        with pytest.raises(ConfigurationError, match="of this program's own"):
            restored(tar(*items), root, strip=strip, protected=frozenset(kept))
        assert read(root) == kept


@pytest.mark.usefixtures("outside")
def test_a_link_that_was_there_is_not_followed(root: Path) -> None:
    (root / "db").symlink_to("../outside")
    with pytest.raises(ConfigurationError, match="leads through a link"):
        restored(tar(file("db/precious", b"y")), root)
    assert read(root) == {"db": Path("../outside")}


def test_the_name_is_escaped(root: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        restored(tar(file("db/\x1b[31m\n\udcff" + "z" * 300)), root)
    assert "member 'db/\\x1b[31m\\n\\xffzzz" in caught.value.what
    assert len(caught.value.what) < 400


LAST_WINS: dict[str, tuple[list[Item], dict[str, Any]]] = {
    "file": ([file("db/x", b"1"), file("db/x", b"22")], {"x": b"22"}),
    "shorter file": ([file("db/x", b"1111"), file("db/x", b"2")], {"x": b"2"}),
    "file for a link": ([file("db/y", b"1"), symlink("db/x", "y"), file("db/x", b"2")], {"x": b"2", "y": b"1"}),
    "link for a file": ([file("db/x", b"1"), symlink("db/x", "y")], {"x": Path("y")}),
    "folder for a link": ([folder("db/y"), symlink("db/x", "y"), folder("db/x")], {"x": {}, "y": {}}),
    "file of a hard link": (
        [file("db/y", b"1"), hardlink("db/x", "db/y"), file("db/x", b"2")],
        {"x": b"2", "y": b"1"},
    ),
    "file for an empty folder": ([folder("db/x"), file("db/x", b"1")], {"x": b"1"}),
    "folder again": ([folder("db/x"), file("db/x/y"), folder("db/x")], {"x": {"y": b"x"}}),
    "dots and slashes": ([folder("./db/"), file(".//db/./x")], {"x": b"x"}),
}


@pytest.mark.parametrize(("items", "tree"), LAST_WINS.values(), ids=LAST_WINS)
def test_of_two_at_one_place_the_last_wins(root: Path, items: list[Item], tree: dict[str, Any]) -> None:
    restored(tar(*items), root)
    assert read(root) == {"db": tree}


def test_modes_are_bounded(root: Path) -> None:
    items = [folder("db", 0o1000), file("db/set", mode=0o6755), file("db/none", mode=0), file("db/all", mode=0o666)]
    restored(tar(*items), root)
    assert {path.name: oct(path.stat().st_mode & 0o7777) for path in [root / "db", *(root / "db").iterdir()]} == {
        "db": "0o700",
        "set": "0o755",
        "none": "0o600",
        "all": "0o666",
    }


def test_the_volumes_group_is_inherited(root: Path) -> None:
    root.chmod(0o2775)
    restored(tar(folder("db", 0o755), file("db/v1/x")), root)
    assert {oct((root / path).stat().st_mode & 0o7777) for path in ("db", "db/v1")} == {"0o2755"}


def test_a_link_at_the_top_may_lead_nowhere(root: Path) -> None:
    restored(tar(symlink("l", "absent"), file("x")), root, strip=0)
    assert read(root) == {"l": Path("absent"), "x": b"x"}


@pytest.fixture
def no_file_above_a_gib() -> Iterator[None]:
    """As filesystems refuse what is too large for them."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("no_file_above_a_gib")
def test_a_file_larger_than_the_filesystem_can_hold(root: Path) -> None:
    headers = {"GNU.sparse.size": str((1 << 30) + 1), "GNU.sparse.map": "0,1"}
    with pytest.raises(ConfigurationError) as caught:
        restored(tar(file("db/x", pax_headers=headers), format=PAX), root)
    assert caught.value.reason == "ArchiveTooLarge"
    assert read(root) == {}
