"""What the screen shows of a state, and that it fits."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from e2e.demo.screen import screen
from e2e.demo.state import Logged, State
from tests.demo.looks import NAME, node, pod, result, running, scene

HAPPENED = "sha256:aaaaaaaa failed: " + "a long sentence about it " * 12
PROBE = replace(
    pod(uid="probe"), name=f"{NAME}-image-probe", status="ContainerCreating", ready="0/1", image="node:latest"
)


def rows(state: State, width: int, height: int, happened: str = "") -> list[str]:
    console = Console(width=width, file=StringIO(), color_system=None)
    console.print(screen(scene(happened=happened), state, width, height))
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def full(**changes: object) -> State:
    lines = tuple(Logged(f"2026-11-21T16:00:{n:02}Z", "uid-1", "monitor", "info", f"line {n}") for n in range(60))
    state = running(results=(result("c", start="another"), result("b", "failed", "2026-11-21T15:59:00Z")))
    return replace(state, pods=(pod(restarts=2), PROBE), log=(*lines, *state.log), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_a_state_in_the_middle(width: int, height: int) -> None:
    shown = rows(full(), width, height, HAPPENED)
    text = "\n".join(shown)
    assert len(shown) == height
    assert max(map(len, shown)) <= width
    assert shown[0].split() == ["●●○○○○", "2.", "A", "reschedule", "in", "mid-test", "0:31"]
    [pod_row] = [row.split() for row in shown if row.startswith(f"{NAME} ")]
    assert pod_row[:5] == [NAME, "2/2", "Running", "2", "12s"]
    [probe_row] = [row.split() for row in shown if row.startswith(f"{NAME}-image-probe")]
    assert probe_row[1:5] == ["0/1", "ContainerCreating", "0", "12s"]
    for told in (
        "The pod was deleted. The test has to resume.",
        "sha256:aaaaaaaa failed: a long sentence",
        "sha256:aaaaaaaa pinned",
        "C 30,000,000 P 7 X 1",
        "the primary network",
        "5.3 MB used, 58.0 GB free",
        "under test",
    ):
        assert told in text
    wanted = [["sha256:cccccccc", "passed", "Bootstrapped"], ["sha256:bbbbbbbb", "failed", "CrashLoop"]]
    assert [row.split()[:3] for row in shown if " passed " in row or " failed " in row] == wanted
    assert shown[-1].split(maxsplit=2) == ["16:00:05", "monitor", "Watching the node"]


def test_more_width_shows_more() -> None:
    assert "the container restarted 2 times" in "\n".join(rows(full(), 140, 30))
    assert "the container restarted 2 times" not in "\n".join(rows(full(), 80, 30))


def test_nothing_moves_when_there_is_more() -> None:
    def headings(state: State) -> list[int]:
        return [number for number, row in enumerate(rows(state, 80, 24)) if "──" in row]

    assert headings(State()) == headings(full()) == headings(full(results=(result("c"),) * 9))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State(), "verdict -"),
        (running(image="registry:5000/node:latest"), ":latest not pinned"),
        (running(node=node()), "bootstrapping nothing left"),
        (running(node=None, disk=None), "heights       -"),
        (running(results=(result("a"),)), "verdict passed (Bootstrapped)"),
        (running(results=(result("a", "failed"),)), "verdict failed (CrashLoop)"),
        (running(results=(result("a", "failed", start="another test's"),)), "verdict under test"),
    ],
    ids=["empty", "floating", "done", "node-away", "passed", "failed", "result-of-another-test"],
)
def test_the_test(state: State, told: str) -> None:
    assert told in "\n".join(rows(state, 80, 24))
