"""Worlds whose first run of ``init`` reaches, all together, every effect that there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bootstrap_monitor.core import names
from tests.faults.world import World, put_data
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


SCENARIOS: dict[str, Callable[[Path], World]] = {
    "first start": _first_start,
    "new test in a folder": _new_test_in_a_folder,
    "new test given up": _new_test_given_up,
    "malformed details": _malformed_details,
    "resumed from upstream": _resumed_from_upstream,
    "behind the template": _behind_the_template,
    "unreadable details": _unreadable_details,
}
