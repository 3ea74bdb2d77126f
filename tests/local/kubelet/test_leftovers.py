"""Processes that outlived their kubelet."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from e2e.clusters.local.kubelet import leftovers
from e2e.clusters.local.kubelet.leftovers import Records
from tests.local.kubelet.world import SECONDS

Started = subprocess.Popen[bytes]


@pytest.fixture
def shell() -> Iterator[Started]:
    """A shell with a child, which leads a group of its own."""
    script = "sleep 1000 & echo begun; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        for one in leftovers.members(process.pid):
            one.kill()


def test_all_of_a_recorded_group_is_killed(tmp_path: Path, shell: Started) -> None:
    Records(tmp_path).add(shell.pid)
    assert len(leftovers.members(shell.pid)) == 2
    leftovers.kill(tmp_path)
    assert leftovers.members(shell.pid) == []
    assert list((tmp_path / "processes").iterdir()) == []


def test_also_when_its_leader_has_ended(tmp_path: Path, shell: Started) -> None:
    Records(tmp_path).add(shell.pid)
    shell.kill()
    shell.wait(SECONDS)
    assert len(leftovers.members(shell.pid)) == 1
    leftovers.kill(tmp_path)
    assert leftovers.members(shell.pid) == []


def test_another_process_of_the_same_number_lives_on(tmp_path: Path, shell: Started) -> None:
    Records(tmp_path)
    (tmp_path / "processes" / str(shell.pid)).write_text(json.dumps(psutil.Process(shell.pid).create_time() - 60))
    leftovers.kill(tmp_path)
    assert len(leftovers.members(shell.pid)) == 2
    assert list((tmp_path / "processes").iterdir()) == []


def test_what_has_ended_is_no_leftover(tmp_path: Path, shell: Started) -> None:
    records = Records(tmp_path)
    records.add(shell.pid)
    records.remove(shell.pid)
    records.remove(shell.pid)
    leftovers.kill(tmp_path)
    assert len(leftovers.members(shell.pid)) == 2


def test_a_folder_of_no_kubelet(tmp_path: Path) -> None:
    leftovers.kill(tmp_path)
    assert leftovers.members(2**22 + 1) == []
