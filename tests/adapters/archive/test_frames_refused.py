"""Archives in frames that are not what their metadata say."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.adapters.archive import frame_reader
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore.metadata import Metadata, parse
from bootstrap_monitor.errors import ConfigurationError, TransientError
from tests.adapters.archive.framing import (
    FRAMES,
    INSIDE,
    LARGE,
    TARS,
    TREE,
    cut_everywhere,
    number_of,
    restored_frames,
    states_of,
)
from tests.support.archives import (
    Item,
    assert_threads_end,
    file,
    folder,
    hardlink,
    open_descriptors,
    packed,
    symlink,
    tar,
)
from tests.support.framed_archives import Framed, framed, framed_every
from tests.support.trees import make, read


def refused(source: Framed, into: Path, metadata: Metadata | None = None, **options: Any) -> ConfigurationError:
    descriptors = open_descriptors()
    with pytest.raises(ConfigurationError) as caught:
        restored_frames(source, into, metadata, **options)
    assert_threads_end()
    assert open_descriptors() == descriptors
    return caught.value


@pytest.mark.parametrize("number", range(FRAMES))
@pytest.mark.parametrize("format_", [Format.ZSTD, Format.GZIP])
def test_a_wrong_byte_in_a_frame(format_: Format, number: int, root: Path) -> None:
    source = cut_everywhere(format_)
    frame = source.metadata.frames[number]
    archive = bytearray(source.archive)
    archive[frame.stop - 9] ^= 1
    (root / "kept").write_bytes(b"ours")
    error = refused(Framed(bytes(archive), source.document), root, format=format_)
    assert error.reason == "ArchiveHashMismatch"
    assert error.what.startswith(f"archive: frame {number} (at byte {frame.offset}): its sha256 is ")
    assert error.what.endswith(f", expected was {frame.sha256}")
    assert read(root) == {"kept": b"ours"}


def test_a_wrong_byte_behind_what_an_earlier_process_did(root: Path) -> None:
    source = cut_everywhere()
    state = next(state for state in states_of(source, root) if state["frame"] == INSIDE)
    shutil.rmtree(root / "db")
    make(root, {"db": {"v1": {"small": b"s", "large": LARGE[:7001]}}})
    archive = bytearray(source.archive)
    archive[-9] ^= 1
    assert refused(Framed(bytes(archive), source.document), root, resume_from=state).reason == "ArchiveHashMismatch"
    assert set(read(root)["db"]) == {"v1"}
    assert set(read(root)["db"]["v1"]) == {"small", "large"}


def without(source: Framed, number: int) -> Framed:
    frame = source.metadata.frames[number]
    return Framed(source.archive[: frame.offset] + source.archive[frame.stop :], source.document)


@pytest.mark.parametrize("number", [0, 3, FRAMES - 1])
def test_an_archive_that_lacks_a_frame(number: int, root: Path) -> None:
    error = refused(without(cut_everywhere(), number), root)
    assert error.reason == ("ArchiveDamaged" if number == FRAMES - 1 else "ArchiveHashMismatch")
    assert error.what.startswith(f"archive: frame {number} (")
    assert read(root) == {}


def metadata_without(source: Framed, number: int) -> Metadata:
    """All else is as it would be if the frame had never been: only its content is missed."""
    frames = [dict(frame) for frame in source.document["frames"]]
    gone = frames.pop(number)
    for frame in frames[number:]:
        frame["offset"] -= gone["length"]
    document = source.document | {"frames": frames, "size": source.document["size"] - gone["length"]}
    return parse(json.dumps(document).encode(), "metadata")


@pytest.mark.parametrize("number", [1, 5, FRAMES - 1])
def test_archive_and_metadata_that_both_lack_a_frame(number: int, root: Path) -> None:
    source = cut_everywhere()
    error = refused(without(source, number), root, metadata_without(source, number))
    assert error.reason == "ArchiveDamaged"
    assert f"frame {number - 1} (" in error.what
    assert "less than the" in error.what
    assert read(root) == {}


MEMBER = cut_everywhere().document["frames"][INSIDE]["member"]
AT = cut_everywhere().document["frames"][INSIDE]["tarOffset"]
LIES: dict[str, tuple[int, dict[str, Any], str]] = {
    "tarOffset too low": (number_of("between members"), {"tarOffset": AT - 7600}, "its content has more than the"),
    "tarOffset a byte off": (
        INSIDE,
        {"tarOffset": AT + 512, "member": MEMBER | {"offset": MEMBER["offset"] + 512}},
        "its content has 512 less than the",
    ),
    "another file": (
        INSIDE,
        {"member": MEMBER | {"name": "x/db/v1/small"}},
        "by its metadata at byte 7001 of 'x/db/v1",
    ),
    "a name that leads out": (INSIDE, {"member": MEMBER | {"name": "x/db/../../y"}}, r"by its metadata .*'x/db/\.\./"),
    "another size": (INSIDE, {"member": MEMBER | {"size": 40_000}}, r"\(40000 bytes, mode 640\)"),
    "another mode": (INSIDE, {"member": MEMBER | {"mode": 0o777}}, r"\(30000 bytes, mode 777\)"),
    "another place in the file": (INSIDE, {"member": MEMBER | {"offset": MEMBER["offset"] - 512}}, "at byte 6489 of"),
    "a file where a header is": (
        number_of("header"),
        {"member": {"name": "x", "size": 10_000, "mode": 0, "offset": 100}},
        "begins outside of a file's data, by its metadata at byte 100 of 'x'",
    ),
    "a file between members": (
        number_of("before a link"),
        {"member": {"name": "x", "size": 10_000, "mode": 0, "offset": 512}},
        "begins outside of a file's data, by its metadata at byte 512 of 'x'",
    ),
}


@pytest.mark.parametrize(("number", "lie", "why"), LIES.values(), ids=LIES)
def test_metadata_that_lie_about_a_frames_start(number: int, lie: dict[str, Any], why: str, root: Path) -> None:
    source = cut_everywhere()
    with pytest.raises(ConfigurationError, match=why) as caught:
        restored_frames(source, root, source.changed(number, **lie))
    assert caught.value.reason == "ArchiveDamaged"
    assert read(root) == {}


def test_where_metadata_do_not_say_what_a_frame_cuts_nothing_goes_on_from_it(root: Path) -> None:
    source = cut_everywhere()
    frames = [state["frame"] for state in states_of(source, root, metadata=source.changed(INSIDE, member=None))]
    assert read(root) == TREE
    assert INSIDE not in frames
    assert {INSIDE - 1, INSIDE + 1} < set(frames)


def test_a_frame_that_is_no_member_by_itself(root: Path) -> None:
    whole = packed(TARS["gnu"], Format.ZSTD)
    half = len(whole) // 2
    source = framed(TARS["gnu"], [20_000])
    first, second = (dict(frame) for frame in source.document["frames"])

    first |= {"length": half, "sha256": hashlib.sha256(whole[:half]).hexdigest()}
    second |= {"offset": half, "length": len(whole) - half, "sha256": hashlib.sha256(whole[half:]).hexdigest()}
    document = source.document | {"frames": [first, second], "size": len(whole)}
    error = refused(Framed(whole, document), root, parse(json.dumps(document).encode(), "metadata"))
    assert error.reason == "ArchiveDamaged"
    assert read(root) == {}


@pytest.mark.parametrize(
    ("size", "uncompressed_size"),
    [(frame_reader.FRAME_LIMIT_BYTES + 1, 1 << 20), (1 << 20, frame_reader.CONTENT_LIMIT_BYTES + 1)],
    ids=["packed", "content"],
)
def test_a_frame_that_is_too_large_is_told_without_traffic(size: int, uncompressed_size: int, root: Path) -> None:
    frame = {"offset": 0, "length": size, "sha256": "0" * 64, "tarOffset": 0}
    document = {"size": size, "uncompressedSize": uncompressed_size, "frames": [frame]}

    def fetch(start: int, stop: int) -> bytes:
        raise AssertionError

    with pytest.raises(ConfigurationError, match=r"frame 0 is too large: .* \(at most 64M and 256M\)") as caught:
        restored_frames(cut_everywhere(), root, parse(json.dumps(document).encode(), "metadata"), fetch=fetch)
    assert caught.value.reason == "ArchiveUnsupported"


SPARSE = {"GNU.sparse.map": "0,1,99,1", "GNU.sparse.size": "100", "GNU.sparse.name": "db/sparse"}
REFUSED: dict[str, tuple[list[Item], dict[str, str], str, str]] = {
    "hard link": ([file("db/a"), hardlink("db/b", "db/a")], {}, "ArchiveUnsupported", "'db/b' is a hard link, which"),
    "sparse file": ([file("db/a", b"12", pax_headers=SPARSE)], {}, "ArchiveUnsupported", "'db/sparse' is a sparse"),
    "global header": ([file("db/a")], {"comment": "x"}, "ArchiveUnsupported", "is a global PAX header, which"),
    "..": ([file("db/../../a")], {}, "ArchiveUnsafe", r"a path with '\.\.'"),
    "through a link": ([folder("db/v"), symlink("db/l", "v"), file("db/l/a")], {}, "ArchiveUnsafe", "leads through"),
    "named pipe": ([file("db/a", b"", type=tarfile.FIFOTYPE)], {}, "ArchiveUnsafe", "is a named pipe"),
    "own file": ([file("db/ours")], {}, "ArchiveUnsafe", "file of this program's own"),
    "no database": ([file("a")], {}, "ArchiveLayout", "no database"),
}


@pytest.mark.parametrize(("items", "globally", "reason", "why"), REFUSED.values(), ids=REFUSED)
def test_what_an_archive_in_frames_may_not_have(
    items: list[Item], globally: dict[str, str], reason: str, why: str, root: Path, outside: Path
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=globally) as archive:
        for info, content in items:
            archive.addfile(info, io.BytesIO(content))
    protected = frozenset({"ours"}) if why.startswith("file of") else frozenset()
    strip = 1 if protected else None
    with pytest.raises(ConfigurationError, match=why) as caught:
        restored_frames(framed_every(buffer.getvalue(), 1024), root, protected=protected, strip=strip)
    assert caught.value.reason == reason
    assert read(root) == {}


def test_what_does_not_fit(root: Path) -> None:
    archive = framed_every(tar(*(file(f"db/{number}", bytes(1 << 20)) for number in range(10))), 1 << 20)
    frees = iter([4 << 20])
    error = refused(archive, root, room=lambda: next(frees, 0))
    assert error.reason == "ArchiveTooLarge"
    assert read(root) == {}


def test_a_volume_that_fails(root: Path) -> None:
    with pytest.raises(TransientError, match="ENOENT") as caught:
        restored_frames(cut_everywhere(), root / "absent")
    assert caught.value.reason == "VolumeFailed"
    assert_threads_end()
