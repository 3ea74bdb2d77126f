"""The state as one screen, for any width: the same state is the same picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from e2e.demo.state import Logged, Pod, Result, State, short
from e2e.demo.story import TITLES, clock_time
from e2e.demo.telling import Scene

WIDE = 110
NOTHING = "-"
PRIMARY_NETWORK = "11111111111111111111111111111111LpoYY"
POD_ROWS, RESULT_ROWS = 2, 4
COLOURS = {
    "Running": "green", "Completed": "green", "passed": "green", "Terminating": "yellow", "failed": "red",
    "Error": "red", "CrashLoopBackOff": "red", "error": "red", "warning": "yellow",
}  # fmt: skip
LEFT_OF_MESSAGE = 72
TAKEN = 21
"""Lines that the log leaves to the rest."""


def screen(scene: Scene, now: State, width: int, height: int) -> Group:
    """``width`` columns and at most ``height`` lines; of 24 lines, 3 are the log's."""
    return Group(
        *_story(scene, width),
        _rule("pods"),
        *_pods(now.pods, width),
        _rule("test"),
        _test(now),
        _rule("results"),
        _padded(results(now.results[:RESULT_ROWS], width), RESULT_ROWS - len(now.results)),
        _rule("log of the monitor"),
        *(_logged(line) for line in now.log[-max(1, height - TAKEN) :]),
    )


def _story(scene: Scene, width: int) -> list[RenderableType]:
    step = scene.step
    minutes, seconds = divmod(int(scene.seconds), 60)
    title = Table.grid(expand=True)
    title.add_column(no_wrap=True)
    title.add_column(justify="right", no_wrap=True)
    steps = "".join("●" if number <= step.chapter else "○" for number in range(1, len(TITLES) + 1))
    title.add_row(Text.assemble(f"{steps}  ", (f"{step.chapter}. {step.title}", "bold")), f"{minutes}:{seconds:02}")
    return [title, _two_lines(step.doing, width), _two_lines(scene.happened, width, "bold cyan")]


def _pods(pods: Sequence[Pod], width: int) -> list[RenderableType]:
    table = _table(width, "name", "ready", "status", "restarts", "age", *(["image"] if width >= WIDE else []))
    for pod in pods[:POD_ROWS]:
        image = [short(pod.image)] if width >= WIDE else []
        table.add_row(pod.name, pod.ready, _coloured(pod.status), str(pod.restarts), f"{pod.age_seconds:.0f}s", *image)
    return [_padded(table, POD_ROWS - len(pods))]


def _test(now: State) -> Table:
    """Two columns of what is known of it."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for style in ("dim", "", "dim", ""):
        grid.add_column(style=style, no_wrap=True)
    heights = now.node.heights if now.node else {}
    begun = clock_time(now.start) or NOTHING
    grid.add_row("image", _image(now), "heights", _chains(heights))
    grid.add_row("tag", now.tag or NOTHING, "bootstrapping", _bootstrapping(now))
    grid.add_row("begun", begun, "disk", _disk(now))
    grid.add_row("verdict", _verdict(now), "", "")
    return grid


def _image(now: State) -> Text:
    if not now.image:
        return Text(NOTHING)
    pinned = ("pinned", "green") if now.pinned else ("not pinned", "yellow")
    return Text.assemble(f"{short(now.image)} ", pinned)


def _chains(heights: Mapping[str, int]) -> str:
    return " ".join(f"{chain} {height:,}" for chain, height in heights.items()) or NOTHING


def _bootstrapping(now: State) -> str:
    if not now.node:
        return NOTHING
    names = ["the primary network" if one == PRIMARY_NETWORK else one[:8] for one in now.node.bootstrapping]
    return ", ".join(names) or "nothing left"


def _disk(now: State) -> str:
    return f"{decimal(now.disk.used)} used, {decimal(now.disk.free)} free" if now.disk else NOTHING


def _verdict(now: State) -> Text:
    if now.result:
        return Text.assemble(_coloured(now.result.verdict), f" ({now.result.reason})")
    return Text("under test" if now.start else NOTHING)


def results(entries: Sequence[Result], width: int) -> Table:
    """Newest first."""
    names = ("image", "verdict", "reason", "begun", "took", "disk")
    table = _table(width, *names, *(["message"] if width >= WIDE else []))
    for one in entries:
        message = [textwrap.shorten(one.message, width - LEFT_OF_MESSAGE, placeholder=" …")] if width >= WIDE else []
        disk = NOTHING if one.disk_bytes is None else decimal(one.disk_bytes)
        table.add_row(
            short(one.image), _coloured(one.verdict), one.reason, clock_time(one.start), f"{one.seconds:.1f}s", disk,
            *message,
        )  # fmt: skip
    return table


def _logged(line: Logged) -> Text:
    return _line(
        Text.assemble(
            (f"{clock_time(line.time)} {line.container:<7} ", "dim"),
            (line.message, COLOURS.get(line.level, "")),
            (f"  {line.details}", "dim"),
        )
    )


def _table(width: int, *names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2 if width >= WIDE else 1, 0, 0), header_style="dim")
    for name in names:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    return table


def _padded(table: Table, rows: int) -> Table:
    """With empty rows, so that nothing below moves."""
    for _ in range(rows):
        table.add_row(" ")
    return table


def _rule(title: str) -> Rule:
    return Rule(title, style="dim", align="left", characters="─")


def _two_lines(text: str, width: int, style: str = "") -> Text:
    """Exactly two."""
    lines = textwrap.wrap(text, width, max_lines=2, placeholder=" …")
    return Text("\n".join([*lines, "", ""][:2]), style)


def _line(line: Text) -> Text:
    """Exactly one."""
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _coloured(word: str) -> Text:
    return Text(word, COLOURS.get(word, ""))
