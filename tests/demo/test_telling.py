"""Doing a step, looking, and giving up in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from e2e.demo.state import State
from e2e.demo.story import Step, Story, WrongTurnError
from e2e.demo.telling import LIMIT_SECONDS, NotSeenError, Scene, tell
from tests.demo.looks import running


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def two_steps(done: list[str]) -> Story:
    done.append("first")
    yield Step(1, "one", lambda now: "one happened" if now.tag == "1" else None)
    done.append("second")
    yield Step(2, "two", lambda now: "two happened" if now.tag == "2" else None)


def told(looks: Iterator[State | Exception], pause_seconds: float = 0.0) -> tuple[list[Scene], list[str]]:
    scenes: list[Scene] = []
    done: list[str] = []
    time = Time()

    def look() -> State:
        seen = next(looks)
        if isinstance(seen, Exception):
            raise seen
        return seen

    end, state = tell(
        two_steps(done), look, lambda scene, _: scenes.append(scene), pause_seconds=pause_seconds,
        clock=time.clock, sleep=time.sleep,
    )  # fmt: skip
    assert (end, state.tag) == (scenes[-1], "2")
    return scenes, done


def test_each_step_is_done_when_the_one_before_is_seen() -> None:
    looks: list[State | Exception] = [
        running(tag=""),
        running(tag="1"),
        running(tag="1"),
        httpx.ConnectError("away"),
        running(tag="2"),
    ]
    scenes, done = told(iter(looks))
    assert done == ["first", "second"]
    assert [(scene.step.doing, scene.happened) for scene in scenes] == [
        ("one", ""),
        ("one", "one happened"),
        ("two", "one happened"),
        ("two", "one happened"),
        ("two", "two happened"),
    ]
    assert scenes[-1].seconds == pytest.approx(4 * 0.3)


def test_people_get_time_to_read() -> None:
    looks = [*[running(tag="1")] * 4, *[running(tag="2")] * 4]
    scenes, _ = told(iter(looks), pause_seconds=1.0)
    assert [scene.happened for scene in scenes] == ["one happened"] * 4 + ["two happened"] * 4


def forever(seen: State | Exception) -> Iterator[State | Exception]:
    while True:
        yield seen


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (running(tag="no"), f"chapter 1, A first pod: nothing of it was seen in {LIMIT_SECONDS:.0f} s"),
        (httpx.ConnectError("away"), "the last look failed: ConnectError"),
    ],
    ids=["nothing", "unreachable"],
)
def test_a_step_without_effect(seen: State | Exception, why: str) -> None:
    with pytest.raises(NotSeenError, match=why):
        told(forever(seen))


def test_a_wrong_effect_ends_it_at_once() -> None:
    def wrong(_: State) -> str | None:
        raise WrongTurnError("it passed")

    def one_step() -> Story:
        yield Step(4, "one", wrong)

    look: Callable[[], State] = running
    with pytest.raises(NotSeenError, match="chapter 4, A broken image: it passed") as raised:
        tell(one_step(), look, lambda *_: None, pause_seconds=0)
    assert raised.value.state == running()
