"""Lines, one a change."""

from __future__ import annotations

from dataclasses import replace

from e2e.demo.plain import lines
from e2e.demo.state import Logged
from tests.demo.looks import NAME, image, node, pod, result, running, scene


def test_the_first_look_tells_all() -> None:
    assert lines(None, scene(), running()) == [
        "[ 31.2s] chapter 2 of 6: A reschedule in mid-test",
        "[ 31.2s]     The pod was deleted. The test has to resume.",
        f"[ 31.2s] pod {NAME}: Running, ready 2/2, restarts 0, sha256:aaaaaaaa",
        f"[ 31.2s] template: the node's image is {image('a')}",
        "[ 31.2s] node: bootstrapping; heights C 30,000,000, P 7, X 1",
        "[ 31.2s] monitor: Watching the node",
    ]


def test_what_has_not_changed_is_not_told_again() -> None:
    before = scene()
    older = running(pods=(pod(age_seconds=1.0),), node=node(7, "S"))
    newer = running(pods=(pod(age_seconds=9.0),), node=node(8, "S"))
    assert lines((before, older), replace(before, seconds=40.0), newer) == []


def test_changes() -> None:
    before = scene()
    line = Logged("t", "uid-2", "init", "info", "Resuming bootstrap test", details="because")
    older = running()
    newer = running(
        "b", uid="uid-2", node=node(), results=(result("b"), result("a", "failed")), log=(*older.log, line)
    )  # fmt: skip
    told = lines((before, older), replace(before, happened="it resumed"), newer)
    assert [one.partition("] ")[2] for one in told] == [
        f"pod {NAME}: Running, ready 2/2, restarts 0, sha256:bbbbbbbb",
        f"pod {NAME}: gone",
        f"template: the node's image is {image('b')}",
        "node: nothing left to bootstrap; heights C 30,000,000, P 7, X 1",
        "result: sha256:aaaaaaaa failed (CrashLoop) after 21.4 s",
        "result: sha256:bbbbbbbb passed (Bootstrapped) after 8.4 s",
        "init: Resuming bootstrap test (because)",
        "==> it resumed",
    ]
