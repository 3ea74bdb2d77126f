"""What the usual tools make and unpack, and how much memory it takes."""

from __future__ import annotations

import lzma
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import pytest

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.errors import ConfigurationError
from tests.support.archives import file, packed, restored, tar, tree_tar
from tests.support.programs import ROOT
from tests.support.trees import make, read

MIB = 1024 * 1024
GNU_TAR = shutil.which("gtar") or (shutil.which("tar") if sys.platform == "linux" else None)
needs_gnu_tar = pytest.mark.skipif(not GNU_TAR, reason="there is no GNU tar")
PATTERN = random.Random(3).randbytes(4096)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """All kinds of entries in a folder ``db``."""
    top = tmp_path / "tree"
    top.mkdir()
    deep = {"d" * 120: {"e" * 120: {"n" * 200: b"long", "link": Path("../" * 2 + "a")}}}
    make(top, {"db": {"a": PATTERN * 300, "empty": b"", "none": {}, "größe": b"u", "link": Path("a"), **deep}})
    (top / "db" / os.fsdecode(b"\xff\xfe")).write_bytes(b"bytes")
    (top / "db" / "hard").hardlink_to(top / "db" / "a")
    (top / "db" / "a").chmod(0o640)
    with (top / "db" / "sparse").open("wb") as file:
        for at in (0, 5 * MIB, 9 * MIB + 4096):
            file.seek(at)
            file.write(PATTERN)
        file.truncate(20 * MIB)
    return top


def described(folder: Path) -> dict[str, tuple[int, int]]:
    """Mode and number of links of everything."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, 0 if path.is_dir() else path.lstat().st_nlink)
        for path in folder.rglob("*")
    }


SPARSE = {
    "none": ["--format=gnu"],
    "ustar": ["--format=posix"],
    "old": ["--format=gnu", "--sparse"],
    "0.0": ["--format=posix", "--sparse", "--sparse-version=0.0"],
    "0.1": ["--format=posix", "--sparse", "--sparse-version=0.1"],
    "1.0": ["--format=posix", "--sparse", "--sparse-version=1.0"],
}


@needs_gnu_tar
@pytest.mark.parametrize("options", SPARSE.values(), ids=SPARSE)
def test_what_gnu_tar_packs_comes_out_as_it_unpacks_it(
    tree: Path, root: Path, tmp_path: Path, options: list[str]
) -> None:
    archive, theirs = tmp_path / "archive.tar", tmp_path / "theirs"
    theirs.mkdir()
    subprocess.run([str(GNU_TAR), *options, "-cf", archive, "-C", tree, "db"], check=True)
    subprocess.run([str(GNU_TAR), "-xpf", archive, "-C", theirs], check=True)
    restored(archive.read_bytes(), root)
    assert read(root) == read(theirs) == read(tree)
    assert described(root) == described(theirs)
    if "--sparse" in options:
        assert (root / "db/sparse").stat().st_blocks * 512 < MIB


@needs_gnu_tar
def test_an_archive_of_several_volumes_is_refused(tree: Path, root: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"{number}.tar" for number in range(8)]
    words: list[str | Path] = [
        str(GNU_TAR),
        "-cM",
        "-L",
        "1000",
        *(f"--file={name}" for name in names),
        "-C",
        tree,
        "db/a",
        "db/sparse",
    ]
    subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    with pytest.raises(ConfigurationError):
        restored(names[1].read_bytes(), root, strip=0)
    assert read(root) == {}


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
def test_what_the_standard_library_packs(tree: Path, root: Path, tmp_path: Path, format_: int) -> None:
    archive = tmp_path / "archive.tar"
    with tarfile.open(archive, "w", format=format_) as packing:
        packing.add(tree / "db", "node/db")
    restored(archive.read_bytes(), root)
    assert read(root) == read(tree)


COMMANDS = {
    "gzip": ["gzip", "-1"],
    "pigz": ["pigz", "-1"],
    "bgzip": ["bgzip"],
    "zstd": ["zstd", "-q"],
    "zstd in parallel": ["pzstd", "-q"],
    "zstd without checksum": ["zstd", "-q", "--no-check", "--fast"],
    "zstd, window of 128 MiB": ["zstd", "-q", "--long=27"],
    "lz4": ["lz4", "-q"],
    "lz4, dependent small blocks": ["lz4", "-q", "-BD", "-B4", "--no-frame-crc"],
    "xz": ["xz", "-0"],
    "xz, blocks": ["xz", "-0", "--block-size=100000"],
    "bzip2": ["bzip2"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_the_tools_compress(root: Path, command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]}")
    content = {"db": {"a": PATTERN * 50 + bytes(MIB), "b": b"2"}}
    done = subprocess.run([*command, "-c"], input=tree_tar(content), check=True, capture_output=True)
    restored(done.stdout, root)
    assert read(root) == content


def xz_of_large_dictionary() -> bytes:
    """Says that its dictionary is of 1 GiB (xz file format 1.2, sections 3.1 and 5.3.1)."""
    stream = bytearray(lzma.compress(b"content", preset=0))
    end = 12 + (stream[12] + 1) * 4
    stream[stream.index(b"\x21\x01", 12) + 2] = 36
    stream[end - 4 : end] = zlib.crc32(stream[12 : end - 4]).to_bytes(4, "little")
    return bytes(stream)


TOO_MUCH = {
    "zstd": (b"\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", "window is larger than 128 MiB"),  # of 256 MiB (RFC 8878, 3.1.1)
    "xz": (xz_of_large_dictionary(), "dictionary needs more than 128 MiB"),
}


@pytest.mark.parametrize(("archive", "why"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_needs_too_much_memory_is_told(root: Path, archive: bytes, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        restored(archive, root)
    assert caught.value.reason == "ArchiveUnsupported"


MEASURE = """
import resource, sys
from pathlib import Path
from bootstrap_monitor.adapters.archive.unpack import unpack

def chunks():
    with open(sys.argv[1], "rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            yield chunk

unpack(chunks(), Path(sys.argv[2]), name_of_source="archive", room=lambda: 1 << 40, reserve_bytes=0,
       progress=lambda _: None)
status = Path("/proc/self/status")  # elsewhere than on Linux the other figure is not the parent's
if status.exists():
    print(int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("format_", [Format.TAR, Format.GZIP, Format.ZSTD, Format.LZ4])
def test_memory_is_bounded(tmp_path: Path, root: Path, format_: Format) -> None:
    content = PATTERN * (16 * MIB // 4096)
    archive = tree_tar({"db": {str(number): content for number in range(10)}})
    assert peak_bytes(packed(archive, format_), tmp_path, root) <= 64 * MIB


def test_memory_is_bounded_for_files_far_apart(tmp_path: Path, root: Path) -> None:
    far = {"comment": "c" * (MIB - 4096)}
    archive = tar(*(file(f"db/{number}", pax_headers=far) for number in range(150)), format=tarfile.PAX_FORMAT)
    assert peak_bytes(packed(archive, Format.ZSTD), tmp_path, root) <= 64 * MIB


def peak_bytes(archive: bytes, tmp_path: Path, root: Path) -> int:
    (tmp_path / "archive").write_bytes(archive)
    words: list[str | Path] = [sys.executable, "-c", MEASURE, tmp_path / "archive", root]
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120)
    return int(done.stdout)


def test_libraries_are_imported_when_an_archive_needs_them() -> None:
    code = (
        "import sys; from bootstrap_monitor.adapters.archive import copy_tree, unpack; "
        "print({'isal', 'lz4', 'backports.zstd', 'compression.zstd'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "set()\n"
