"""The moving picture: what is visible when, as a browser would show it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from rich.console import Group
from rich.text import Text

from e2e.demo.recording import END_SECONDS, POSTER_SECONDS, SPEED, Recording
from e2e.demo.screen import screen
from tests.demo.looks import result, running, scene

SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)
        style = self.root.findtext(f"{SVG}style") or ""
        [self.seconds] = {float(found) for found in re.findall(r"animation:k\d+ ([\d.]+)s step-end infinite", style)}
        self.still = dict(re.findall(r"\.(k\d+)\{visibility:(\w+);", style))
        self.frames = {
            name: [(float(at), visible) for at, visible in re.findall(r"([\d.]+)%\{visibility:(\w+)\}", frames)]
            for name, frames in re.findall(r"@keyframes (k\d+)\{(.*)\}$", style, re.MULTILINE)
        }

    def texts(self, seconds: float | None = None) -> list[str]:
        """What is visible then; without a time, where nothing moves. From the top."""
        shown = []
        for group in self.root.iter(f"{SVG}g"):
            name = group.get("class") or ""
            visible = self.still.get(name, "visible")
            if seconds is not None:
                for at, then in self.frames.get(name, []):
                    visible = then if at <= 100 * seconds / self.seconds + 0.01 else visible
            if visible == "visible":
                shown += [(float(text.get("y") or 0), text.text or "") for text in group.iter(f"{SVG}text")]
        return [text for _, text in sorted(shown, key=lambda one: one[0])]


def recorded(*frames: tuple[float, tuple[str, ...]]) -> Picture:
    recording = Recording()
    for seconds, lines in frames:
        recording.add(seconds, Group(*map(Text, lines)))
    return Picture(recording.svg())


def test_each_line_is_there_in_its_time() -> None:
    picture = recorded((0, ("same", "one")), (3, ("same", "two")), (6, ("same", "one")), (9, ("end",)))
    assert picture.seconds == pytest.approx(POSTER_SECONDS + 9 / SPEED + END_SECONDS)
    at = [POSTER_SECONDS + seconds / SPEED for seconds in (0, 3, 6, 9)]
    assert [picture.texts(time) for time in at] == [["same", "one"], ["same", "two"], ["same", "one"], ["end"]]
    assert picture.texts(at[1] - 0.1) == ["same", "one"]
    assert picture.texts(picture.seconds - 0.1) == ["end"]


def test_it_begins_with_a_poster_which_is_what_does_not_move() -> None:
    picture = recorded((0, ("begin",)), (3, ("end",)))
    assert picture.texts() == picture.texts(0.0) == ["end"]


def test_pictures_that_come_too_fast_are_left_out_but_never_the_last() -> None:
    picture = recorded((0, ("a",)), (0.1, ("b",)), (0.2, ("c",)))
    assert {text.text for text in picture.root.iter(f"{SVG}text")} == {"a", "c"}


def test_a_line_that_never_changes_does_not_move() -> None:
    recording = Recording()
    recording.add(0, Text("<&>"))
    recording.add(3, Text("<&>"))
    assert "@keyframes" not in recording.svg()
    assert ElementTree.fromstring(recording.svg()).findtext(f".//{SVG}text") == "<&>"


def test_a_screen_keeps_its_columns_and_colours() -> None:
    recording = Recording()
    recording.add(0, screen(scene(), running(results=(result("a"),)), 100, 28))
    root = ElementTree.fromstring(recording.svg())
    texts = {text.text: text for text in root.iter(f"{SVG}text")}
    row = texts["passed"]
    assert row.get("class") == "c2"
    assert float(row.get("textLength") or 0) == pytest.approx(6 * 8.4)
    assert all(0 < float(text.get("x") or 0) < 872 for text in texts.values())
