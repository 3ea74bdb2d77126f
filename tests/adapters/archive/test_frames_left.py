"""Restores of frames that do not go on: what an earlier process left is not as it left it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore.checkpoint import NotResumable
from tests.adapters.archive.framing import (
    FRAMES,
    INSIDE,
    TREE,
    cut_everywhere,
    number_of,
    restored_frames,
    states_of,
)
from tests.support.archives import (
    assert_threads_end,
    open_descriptors,
)
from tests.support.trees import read


def link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def move_behind_a_link(path: Path) -> None:
    link(path.parent, path.parent.rename(path.parents[2] / "moved"))


def replaced_by(other: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        path.unlink()
        other(path)

    return change


CHANGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "shorter": lambda path: os.truncate(path, 7000),
    "longer": lambda path: os.truncate(path, 30_001),
    "a link": lambda path: link(path, path.rename(path.parents[2] / "same")),
    "a folder": replaced_by(Path.mkdir),
    "a named pipe": replaced_by(os.mkfifo),
    "folder gone": lambda path: shutil.rmtree(path.parent),
    "in a link": move_behind_a_link,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_is_not_as_it_was_left_starts_all_over(
    change: Callable[[Path], object], root: Path, outside: Path
) -> None:
    source = cut_everywhere()
    state = next(state for state in states_of(source, root) if state["frame"] == INSIDE)
    change(root / "db/v1/large")
    descriptors = open_descriptors()
    with pytest.raises(NotResumable, match=r"'db/v1/large' is not as the last checkpoint left it"):
        restored_frames(source, root, resume_from=state)
    assert_threads_end()
    assert open_descriptors() == descriptors
    assert (root / "db/last").exists()


def test_a_named_pipe_that_somebody_reads_is_no_file(root: Path) -> None:
    source = cut_everywhere()
    number = number_of("before a file's first byte")
    state = next(state for state in states_of(source, root) if state["frame"] == number)
    path = root / "db/v1/large"
    path.unlink()
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(NotResumable):
        restored_frames(source, root, resume_from=state)
    os.close(reader)


BAD_STATES: dict[str, Callable[[JsonObject], JsonObject]] = {
    "empty": lambda _: {},
    "a key more": lambda state: state | {"more": 1},
    "a key less": lambda state: {key: value for key, value in state.items() if key != "placed"},
    "another type": lambda state: state | {"frame": "1"},
    "no format": lambda state: state | {"format": "zip"},
    "a base of another alphabet": lambda state: state | {"base": "дб"},
    "of other metadata": lambda state: state | {"frames_hash": "0" * 16},
    "beyond the last frame": lambda state: state | {"frame": FRAMES},
    "before the first frame": lambda state: state | {"frame": -1},
    "of another option": lambda state: state | {"strip": 1},
}


@pytest.mark.parametrize("change", BAD_STATES.values(), ids=BAD_STATES)
def test_a_record_that_is_not_of_this_restore_starts_all_over(
    change: Callable[[JsonObject], JsonObject], root: Path
) -> None:
    source = cut_everywhere()
    state = states_of(source, root)[3]
    with pytest.raises(NotResumable):
        restored_frames(source, root, resume_from=change(state))
    assert read(root) == TREE
