"""The screen as a moving picture: an SVG of text, in which each line is there in its time. No script, no font.

Where pictures do not move, or people do not want them to, it is the first frame: the poster, which is the last one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO

from rich.console import Console, RenderableType

WIDTH, HEIGHT = 100, 28
CELL, LINE, MARGIN = 8.4, 18, 16
BACKGROUND, FOREGROUND, DIM = "#0d1117", "#d5dbe3", "#8b949e"
COLOURS = {"green": "#3fb950", "red": "#ff7b72", "yellow": "#d29922", "cyan": "#56d4dd"}
SPEED = 1.5
APART_SECONDS, POSTER_SECONDS, END_SECONDS = 0.5, 2.0, 6.0


@dataclass(frozen=True)
class Run:
    """Text of one style, from a column on."""

    column: int
    text: str
    colour: str
    bold: bool


Row = tuple[Run, ...]
Interval = tuple[float, float]


class Recording:
    """Frames of :data:`WIDTH` by :data:`HEIGHT`."""

    def __init__(self) -> None:
        self._frames: list[tuple[float, list[Row]]] = []
        self._latest: tuple[float, list[Row]] = (0.0, [])
        self._console = Console(width=WIDTH, file=StringIO(), force_terminal=True, color_system="standard")

    def add(self, seconds: float, picture: RenderableType) -> None:
        """What the screen shows from then on; pictures that come too fast are left out, but never the last."""
        self._latest = (seconds / SPEED, self._rows(picture))
        if not self._frames or self._latest[0] - self._frames[-1][0] >= APART_SECONDS:
            self._frames.append(self._latest)

    def svg(self) -> str:
        """The picture. There has to be a frame."""
        beginning = self._frames[0][0]
        story = [(POSTER_SECONDS + at - beginning, rows) for at, rows in [*self._frames, self._latest]]
        return _svg([(0.0, self._latest[1]), *story], story[-1][0] + END_SECONDS)

    def _rows(self, picture: RenderableType) -> list[Row]:
        rows = []
        for segments in self._console.render_lines(picture, pad=False)[:HEIGHT]:
            column, row = 0, []
            for segment in segments:
                style, text = segment.style, segment.text
                if text.strip():
                    named = style.color.name if style and style.color else ""
                    colour = COLOURS.get(named, DIM if style and style.dim else FOREGROUND)
                    row.append(Run(column, text.rstrip(), colour, bool(style and style.bold)))
                column += segment.cell_length
            rows.append(tuple(row))
        return rows


def _svg(frames: Sequence[tuple[float, list[Row]]], seconds: float) -> str:
    shown = _shown(frames, seconds)
    classes: dict[tuple[Interval, ...], str] = {}
    lines = []
    for (number, row), intervals in shown.items():
        name = classes.setdefault(tuple(intervals), f"k{len(classes)}")
        lines.append(f'<g class="{name}">{"".join(_texts(number, row))}</g>')
    width, height = round(WIDTH * CELL + 2 * MARGIN), HEIGHT * LINE + 2 * MARGIN
    box = f'viewBox="0 0 {width} {height}" role="img" aria-label="scripts/demo"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
            "<title>scripts/demo: a bootstrap test from its first pod to its results</title>",
            "<style>",
            "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre}.b{font-weight:bold}",
            *(f".c{index}{{fill:{colour}}}" for index, colour in enumerate(_PALETTE)),
            *(_rule(name, intervals, seconds) for intervals, name in classes.items()),
            "@media(prefers-reduced-motion:reduce){g{animation:none!important}}",
            "</style>",
            f'<rect width="{width}" height="{height}" rx="10" fill="{BACKGROUND}"/>',
            *lines,
            "</svg>\n",
        ]
    )


_PALETTE = (FOREGROUND, DIM, *COLOURS.values())


def _shown(frames: Sequence[tuple[float, list[Row]]], seconds: float) -> dict[tuple[int, Row], list[Interval]]:
    """When each line is there: its number and content, and the times."""
    shown: dict[tuple[int, Row], list[Interval]] = defaultdict(list)
    ends = [at for at, _ in frames[1:]] + [seconds]
    for (begin, rows), end in zip(frames, ends, strict=True):
        for number, row in enumerate(rows):
            if row and end > begin:
                times = shown[number, row]
                since = times.pop()[0] if times and times[-1][1] == begin else begin
                times.append((since, end))
    return shown


def _rule(name: str, intervals: Sequence[Interval], seconds: float) -> str:
    """Hidden but in its times; what is there at first is there where nothing moves."""
    if list(intervals) == [(0.0, seconds)]:
        return ""
    first = "visible" if intervals[0][0] == 0 else "hidden"
    frames = [f"0%{{visibility:{first}}}"]
    for begin, end in intervals:
        if begin > 0:
            frames.append(f"{100 * begin / seconds:.2f}%{{visibility:visible}}")
        if end < seconds:
            frames.append(f"{100 * end / seconds:.2f}%{{visibility:hidden}}")
    animation = f"{name} {seconds:.1f}s step-end infinite"
    return f".{name}{{visibility:{first};animation:{animation}}}@keyframes {name}{{{''.join(frames)}}}"


def _texts(number: int, row: Row) -> Iterator[str]:
    y = MARGIN + (number + 1) * LINE - 5
    for run in row:
        text = run.text.lstrip()
        x = MARGIN + (run.column + len(run.text) - len(text)) * CELL
        kind = f"c{_PALETTE.index(run.colour)}" + (" b" if run.bold else "")
        yield f'<text class="{kind}" x="{x:.1f}" y="{y}" textLength="{len(text) * CELL:.1f}">{escape(text)}</text>'
