"""A volume that fails at any step of ``init``'s work on it: "try again", and the next start makes it whole."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode, TransientError
from tests.support.manifests import NEXT, PINNED, details
from tests.support.rig import Rig

STEPS = (
    "volume.remove details",
    "volume.set aside details",
    "volume.remove entry",
    "volume.write temporary details",
    "volume.rename details",
)
ERRORS = {"read-only": errno.EROFS, "full": errno.ENOSPC, "EIO": errno.EIO, "stale": errno.ESTALE}


@contextmanager
def failing(step: str, moment: effects.Moment, code: int) -> Iterator[None]:
    """The volume fails from this moment on."""
    met = False

    def observe(name: str, now: effects.Moment) -> None:
        nonlocal met
        met = met or (name, now) == (step, moment)
        if met and name.startswith("volume."):
            raise OSError(code, "the volume fails")

    effects.observers.append(observe)
    try:
        yield
    finally:
        effects.observers.remove(observe)
    assert met, "no such step"


def test_every_step_is_in_the_tables() -> None:
    assert {name for name in effects.names if name.startswith("volume.")} == set(STEPS)


@pytest.mark.parametrize("code", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_new_test(step: str, moment: effects.Moment, code: int, tmp_path: Path) -> None:
    rig = Rig(tmp_path, PINNED)
    old: JsonObject | bytes = b'{"image": "cut o' if step == "volume.set aside details" else details(NEXT)
    rig.write_details(old)
    rig.put_node_data(NEXT)

    with failing(step, moment, code), pytest.raises(TransientError) as caught:
        rig.init().run()

    assert caught.value.exit_code is ExitCode.TRY_AGAIN
    assert "the volume fails" in caught.value.what
    data = set(rig.files().values()) - {'{"image": "cut o'}
    try:
        written = rig.read_details()
    except ValueError:
        written = None
    assert not (written and data) or written["image"] == NEXT, "the data of one test, and the details of another"
    assert rig.init().run() is ExitCode.DONE
    assert rig.read_details() is not None
    assert NEXT not in rig.files().values()
    assert [path.name for path in rig.volume.glob(".*")] == [], "no temporary file is left"


@pytest.mark.parametrize("code", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["volume.write temporary details", "volume.rename details"])
def test_a_test_that_is_resumed_and_completed(step: str, moment: effects.Moment, code: int, tmp_path: Path) -> None:
    """Weeks of data; the file of upstream's program lacks some keys."""
    rig = Rig(tmp_path, PINNED)
    rig.write_details({"image": PINNED, "startTime": "2026-01-01T00:00:00Z"})
    rig.put_node_data()
    before = rig.files()

    with failing(step, moment, code):
        assert rig.init().run() is ExitCode.DONE, "it goes without"

    assert (rig.read_details() or {})["startTime"] == "2026-01-01T00:00:00Z"
    assert rig.init().run() is ExitCode.DONE
    assert rig.files() == before
    assert names.DETAILS_SET_ASIDE not in rig.files()
