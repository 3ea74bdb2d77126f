"""All samples of one run of the sidecar, folded into what verdicts rest on: bounded, however many weeks it takes.

Progress is a height or counter above all that was seen before, or more than 64 MiB of disk moved. A counter that starts
anew with its process is no progress by itself: else a crash loop that fetches the same blocks each time had no end. For
the same reason the disk, which other programs' files may be on too, does not tell of progress between restarts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bootstrap_monitor.core.metrics import MAX_MARKS
from bootstrap_monitor.core.verdict.sample import Sample

DISK_MOVED_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class History:
    """What is known after the sample ``last``. Times are seconds of the monotonic clock."""

    first: Sample
    last: Sample
    streak: int
    """Samples in a row, up to the last, that were healthy with nothing left to bootstrap."""
    progress_at: float
    """When something moved; the first sample counts."""
    best: Mapping[str, float] = field(default_factory=dict)
    """The highest value of each mark."""
    disk_used_bytes: int | None = None
    """On the disk at the last progress; ``None`` where it was never told."""
    restarts: int | None = None
    """Of the node's container at the last new height or counter; ``None`` where they were never told."""
    not_started_at: float | None = None
    """Since when the container waits for its image or configuration; ``None``: it does not."""
    settled_at: float | None = None
    """Since when no sample told of anything left to bootstrap; ``None``: the last that told, did."""

    @property
    def without_progress_seconds(self) -> float:
        """How long nothing has moved."""
        return self.last.at_seconds - self.progress_at

    @property
    def restarts_without_progress(self) -> int:
        """Of the node's container since a height or counter was new."""
        if self.restarts is None or self.last.container is None:
            return 0
        return max(0, self.last.container.restarts - self.restarts)

    @property
    def run_seconds(self) -> float:
        """How long this run of the sidecar has watched."""
        return self.last.at_seconds - self.first.at_seconds

    @property
    def elapsed_seconds(self) -> float:
        """Since the test's start. A wall clock that jumped ahead is not believed: neither now nor, later, at the first
        sample."""
        return min(self.last.elapsed_seconds, self.first.elapsed_seconds + self.run_seconds)


def after(history: History | None, sample: Sample) -> History:
    """With one more sample; the first begins a history."""
    if history is None:
        history = _begin(sample)
    elif _advances(history, sample):
        history = _advanced(history, sample)
    elif _disk_moves(history, sample):
        history = _moved(history, sample)
    history = _with_first_told(history, sample)
    return replace(
        history,
        last=sample,
        streak=history.streak + 1 if sample.health.bootstrapped else 0,
        not_started_at=_not_started_at(history, sample),
        settled_at=_settled_at(history, sample),
    )


def _begin(sample: Sample) -> History:
    return _advanced(History(first=sample, last=sample, streak=0, progress_at=sample.at_seconds), sample)


def _advances(history: History, sample: Sample) -> bool:
    return any(_beyond(history.best, mark, value) for mark, value in sample.marks.items())


def _disk_moves(history: History, sample: Sample) -> bool:
    return (
        sample.disk is not None
        and history.disk_used_bytes is not None
        and abs(sample.disk.used_bytes - history.disk_used_bytes) > DISK_MOVED_BYTES
    )


def _beyond(best: Mapping[str, float], mark: str, value: float) -> bool:
    return value > best[mark] if mark in best else len(best) < MAX_MARKS


def _advanced(history: History, sample: Sample) -> History:
    best = dict(history.best)
    for mark, value in sample.marks.items():
        if _beyond(best, mark, value):
            best[mark] = value
    restarts = history.restarts if sample.container is None else sample.container.restarts
    return replace(_moved(history, sample), best=best, restarts=restarts)


def _moved(history: History, sample: Sample) -> History:
    used_bytes = history.disk_used_bytes if sample.disk is None else sample.disk.used_bytes
    return replace(history, progress_at=sample.at_seconds, disk_used_bytes=used_bytes)


def _with_first_told(history: History, sample: Sample) -> History:
    """What was not told before, begins now."""
    if history.disk_used_bytes is None and sample.disk is not None:
        history = replace(history, disk_used_bytes=sample.disk.used_bytes)
    if history.restarts is None and sample.container is not None:
        history = replace(history, restarts=sample.container.restarts)
    return history


def _not_started_at(history: History, sample: Sample) -> float | None:
    if sample.container is None:
        return history.not_started_at
    if not sample.container.cannot_start:
        return None
    return sample.at_seconds if history.not_started_at is None else history.not_started_at


def _settled_at(history: History, sample: Sample) -> float | None:
    if sample.health.bootstrapping:
        return None
    return sample.at_seconds if history.settled_at is None else history.settled_at
