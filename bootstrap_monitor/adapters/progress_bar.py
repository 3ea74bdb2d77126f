"""A progress bar, for people at a terminal."""
# ruff: noqa: PLC0415 - rich takes 40 ms to import

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Amounts(Protocol):
    """How far it is."""

    @property
    def archive_bytes(self) -> int: ...  # noqa: D102
    @property
    def bytes_written(self) -> int: ...  # noqa: D102


@contextmanager
def show(what: str, total_bytes: int | None) -> Iterator[Callable[[Amounts], None]]:
    """A bar on stderr while the work goes on; ``total_bytes`` are those of the archive."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total_bytes)
        yield lambda amounts: progress.update(task, completed=amounts.archive_bytes or amounts.bytes_written)
