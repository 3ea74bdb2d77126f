"""By what state each step of the story is seen to have had its effect, and by what it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from e2e.demo.state import State
from e2e.demo.story import BROKEN, DELETED_AT, TITLES, Step, Story, WrongTurnError, story
from e2e.kit.api import Json
from tests.demo.looks import PRIMARY_NETWORK, image, node, pod, result, running, watching


class Hands:
    """Images are named by letters, in their order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.scripts: list[Json] = []

    def push(self, script: Json) -> str:
        self.scripts.append(script)
        self.done.append("push")
        return image("abcd"[len(self.scripts) - 1])

    def apply(self) -> None:
        self.done.append("apply")

    def delete_pod(self) -> None:
        self.done.append("delete")


MIDWAY = running("b", height=DELETED_AT, results=(result("a", start="first"),))
PASSED = (result("d", start="fourth"), result("c", "failed"), result("b"), result("a", start="first"))
LAST = replace(running("d", results=PASSED), node=node(), log=(watching(start="fourth"),))
SEEN = [
    running("a"),
    running("a", results=(result("a"),)),
    MIDWAY,
    replace(MIDWAY, pods=(pod("b", "uid-2"),), log=(watching("uid-2"),)),
    running("b", results=(result("b"),)),
    running("c", results=(result("c", "failed"),)),
    LAST,
    replace(LAST, pods=(pod("d", "uid-2"),), log=(watching("uid-2", "fourth"),)),
]
"""By one of these each step is seen."""


def play(until: int) -> tuple[Step, Story, Hands]:
    """The step of that number, from 0; those before are seen."""
    hands = Hands()
    told = story(hands)
    step = next(told)
    for state in SEEN[:until]:
        assert step.happened(state)
        step = told.send(state)
    return step, told, hands


def test_the_whole_story() -> None:
    chapters, done = [], []
    for number in range(len(SEEN)):
        step, _, hands = play(number)
        chapters.append(step.chapter)
        done.append(hands.done)
    assert chapters == [1, 1, 2, 2, 3, 4, 5, 6]
    assert [TITLES[chapter - 1] for chapter in chapters][-1] == step.title
    assert done[-1] == ["push", "apply", "push", "delete", "push", "push", "apply"]
    assert hands.scripts[2] == BROKEN
    last, told, _ = play(len(SEEN) - 1)
    assert last.happened(SEEN[-1])
    with pytest.raises(StopIteration):
        told.send(SEEN[-1])


Change = Callable[[State], State]


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, lambda now: replace(now, image="registry:5000/node:latest")),
        (0, lambda now: replace(now, pods=(pod("a", status="Terminating"),))),
        (0, lambda now: replace(now, node=None)),
        (0, lambda now: replace(now, log=())),
        (1, lambda now: replace(now, results=())),
        (2, lambda now: replace(now, node=node(DELETED_AT - 1, PRIMARY_NETWORK))),
        (2, lambda now: replace(now, results=(result("b"),))),
        (3, lambda _: MIDWAY),
        (3, lambda now: replace(now, log=(watching("uid-2", "another start"),))),
        (3, lambda now: replace(now, node=node(DELETED_AT - 1, PRIMARY_NETWORK))),
        (5, lambda now: replace(now, results=(result("b"),))),
        (7, lambda now: replace(now, results=PASSED[1:])),
        (7, lambda now: replace(now, results=(result("d"), *PASSED))),
        (7, lambda now: replace(now, log=(watching("uid-2", "another start"),))),
        (7, lambda now: replace(now, image="registry:5000/node:latest")),
        (7, lambda now: replace(now, node=None)),
    ],
    ids=[
        "first-not-pinned", "first-ending", "first-node-away", "first-not-watched", "no-result", "too-early",
        "too-late", "not-deleted", "another-test", "begun-anew", "no-failure-yet", "result-lost", "another-result",
        "new-test", "not-pinned-again", "node-not-back",
    ],
)  # fmt: skip
def test_not_seen(number: int, change: Change) -> None:
    step, _, _ = play(number)
    assert step.happened(SEEN[number])
    assert step.happened(change(SEEN[number])) is None


@pytest.mark.parametrize(
    ("number", "state"),
    [(1, running("a", results=(result("a", "failed"),))), (5, running("c", results=(result("c"),)))],
    ids=["a-good-image-fails", "a-broken-image-passes"],
)
def test_a_wrong_turn(number: int, state: State) -> None:
    step, _, _ = play(number)
    with pytest.raises(WrongTurnError, match=f"sha256:.* {state.results[0].verdict}"):
        step.happened(state)
