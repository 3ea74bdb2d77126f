"""Worlds whose first run of ``init`` reaches, all together, every effect that there is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from bootstrap_monitor.core import names
from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.errors import ExitCode
from tests.faults.world import World, put_data
from tests.support import archives
from tests.support.manifests import NEXT, PINNED, POD, START_TIME, Shape, details
from tests.support.rig import Rig


def _first_start(folder: Path) -> World:
    return World(Rig(folder), folder)


def _new_test_in_a_folder(folder: Path) -> World:
    rig = Rig(folder, PINNED)
    put_data(rig, NEXT, details(NEXT))
    return World(rig, folder)


def _new_test_given_up(folder: Path) -> World:
    """After the kill, the image of before is deployed again: its data is whole, or nothing of it is left."""
    rig = Rig(folder, PINNED, Shape.ROOT)
    put_data(rig, NEXT, details(NEXT))

    def go_back(world: World) -> None:
        rig.cluster.set_image(NEXT)
        rig.cluster.delete_pod(POD)
        world.image, world.keeps_data = NEXT, None

    return World(rig, folder, meanwhile=go_back)


def _malformed_details(folder: Path) -> World:
    rig = Rig(folder, PINNED, Shape.ROOT)
    put_data(rig, NEXT, b'{"image": "cut o')
    return World(rig, folder)


def _resumed_from_upstream(folder: Path) -> World:
    rig = Rig(folder, PINNED)
    put_data(rig, PINNED, {"image": PINNED, "startTime": START_TIME})
    return World(rig, folder, keeps_data=True)


def _behind_the_template(folder: Path) -> World:
    rig = Rig(folder)
    put_data(rig, PINNED, details())
    rig.cluster.set_image(PINNED)
    rig.cluster.observe()
    return World(rig, folder, keeps_data=True)


def _unreadable_details(folder: Path) -> World:
    rig = Rig(folder, PINNED)
    put_data(rig, PINNED, None)
    file = rig.volume / names.DETAILS_FILE
    file.mkdir()

    def mend(world: World) -> None:
        if file.is_dir():
            file.rmdir()
            rig.write_details(details())

    return World(rig, folder, keeps_data=True, mend=mend)


ARCHIVED = {f"db/v1.4.5/{number:06}.ldb": f"table {number}" for number in range(3)}
TAR = archives.tar(*(archives.file(path, text.encode()) for path, text in ARCHIVED.items()))
CONTENT = archives.packed(TAR, Format.GZIP)


def _from_archive(folder: Path, content: bytes = CONTENT, **options: str) -> World:
    """A new test on the volume of another one."""
    rig = Rig(folder, PINNED)
    put_data(rig, NEXT, details(NEXT))
    archive = folder / "archive.tar.gz"
    archive.write_bytes(content)
    options = {"ARCHIVE": str(archive), "RESERVE": "0", **options}
    return World(
        rig,
        folder,
        environment={f"BOOTSTRAP_MONITOR_INITIAL_DB_{name}": value for name, value in options.items()},
        restored={f"{Shape.FOLDER.value}/{path}": text for path, text in ARCHIVED.items()},
    )


def _from_staged_archive(folder: Path) -> World:
    return _from_archive(folder, STAGING_DIR=str(folder / "staging"))


def _from_folder(folder: Path) -> World:
    world = _from_archive(folder, ARCHIVE=str(folder / "shared"))
    for path, text in ARCHIVED.items():
        file = folder / "shared" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return world


def _from_damaged_archive(folder: Path) -> World:
    """A wrong byte in it shows at its end; whoever publishes it mends it, and removes the record of the failure."""
    wrong = archives.packed(TAR.replace(b"table 1", b"table l"), Format.GZIP)
    world = _from_archive(folder, wrong, SHA256=hashlib.sha256(CONTENT).hexdigest())
    world.ends_with = ExitCode.CONFIGURATION

    def mend(world: World) -> None:
        (folder / "archive.tar.gz").write_bytes(CONTENT)
        (world.rig.volume / names.RESTORE_MARKER).unlink(missing_ok=True)

    world.mend = mend
    return world


SCENARIOS: dict[str, Callable[[Path], World]] = {
    "first start": _first_start,
    "new test in a folder": _new_test_in_a_folder,
    "new test given up": _new_test_given_up,
    "malformed details": _malformed_details,
    "resumed from upstream": _resumed_from_upstream,
    "behind the template": _behind_the_template,
    "unreadable details": _unreadable_details,
    "from an archive": _from_archive,
    "from a staged archive": _from_staged_archive,
    "from a folder": _from_folder,
    "from a damaged archive": _from_damaged_archive,
}
