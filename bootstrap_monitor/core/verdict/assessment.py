"""The verdict: the first check that holds, in the order of :class:`~.reason.Reason`.

::

    samples ──► passed                             N healthy in a row, nothing left to bootstrap: final
       │
       └──────► failed(reason) ──► still sampled ──► passed, which replaces the entry
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bootstrap_monitor.core import go_duration
from bootstrap_monitor.core.human_size import human_size
from bootstrap_monitor.core.verdict.history import History
from bootstrap_monitor.core.verdict.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The options that verdicts rest on; each is reached when it is met, not only when it is passed."""

    healthy_samples: int
    stall_timeout: timedelta
    max_restarts: int
    """Of the node's container, without progress in between."""
    min_free_percent: float
    """Of the filesystem that the data volume is on."""
    not_started_timeout: timedelta
    max_duration: timedelta | None
    """Since the test's start, over all its pods; ``None``: no limit."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict and what it rests on, in a sentence."""

    reason: Reason
    finding: str

    @property
    def passed(self) -> bool:
        """Every other reason is a failure."""
        return self.reason is Reason.BOOTSTRAPPED

    @property
    def message(self) -> str:
        """The finding, and what to do."""
        return f"{self.finding}. {self.reason.advice}" if self.reason.advice else self.finding


def assess(history: History, limits: Limits) -> Assessment | None:
    """The verdict; ``None`` while there is none."""
    found = ((reason, check(history, limits)) for reason, check in _CHECKS)
    return next((Assessment(reason, finding) for reason, finding in found if finding), None)


def _bootstrapped(history: History, limits: Limits) -> str | None:
    if history.streak < limits.healthy_samples:
        return None
    return f"bootstrapped and healthy in {history.streak} samples in a row"


def _volume_full(history: History, limits: Limits) -> str | None:
    disk = history.last.disk
    free = f"; {human_size(disk.available_bytes)} of {human_size(disk.total_bytes)} are free" if disk else ""
    if "diskspace" in history.last.health.failing:
        return f"the node's check `diskspace` fails{free}"
    if disk and disk.free_percent < limits.min_free_percent:
        return f"less than {limits.min_free_percent:g} % of the data volume is free{free}"
    return None


def _node_not_started(history: History, limits: Limits) -> str | None:
    if history.not_started_at is None:
        return None
    seconds = history.last.at_seconds - history.not_started_at
    if seconds < limits.not_started_timeout.total_seconds():
        return None
    state = history.last.container
    why = f": {state.waiting or 'ContainerCreating'}" if state else ""
    return f"the node's container has not started for {_duration(seconds)}{why}" + (
        f" ({state.message})" if state and state.message else ""
    )


def _crash_loop(history: History, limits: Limits) -> str | None:
    restarts = history.restarts_without_progress
    if restarts < limits.max_restarts:
        return None
    state = history.last.container
    last = f"; it ended last with {state.last_end}" if state and state.last_end else ""
    return f"the node's container restarted {restarts} times without progress in between{last}"


def _unhealthy(history: History, limits: Limits) -> str | None:
    if history.settled_at is None:
        return None
    seconds = history.last.at_seconds - history.settled_at
    if seconds < limits.stall_timeout.total_seconds():
        return None
    health = history.last.health
    if health.problem:
        if _stalled(history, limits):
            return None
        return f"for {_duration(seconds)} the node's health did not tell of a bootstrap ({health.problem})"
    if health.bootstrapping is None:
        return f"for {_duration(seconds)} the node has not told what is left to bootstrap{_failing(history)}"
    return (
        f"for {_duration(seconds)} nothing is left to bootstrap, but no {limits.healthy_samples} samples in a row were "
        f"healthy{_failing(history)}"
    )


def _stalled(history: History, limits: Limits) -> str | None:
    seconds = history.without_progress_seconds
    if seconds < limits.stall_timeout.total_seconds():
        return None
    health = history.last.health
    last = f"; the last look: {health.problem}" if health.problem else _failing(history)
    return f"for {_duration(seconds)} no height, no counter and no more than 64 MiB of disk have moved{last}"


def _deadline_exceeded(history: History, limits: Limits) -> str | None:
    if limits.max_duration is None:
        return None
    # A test that was scaled to 0 for long gets the time that a start may take.
    seen_enough = history.run_seconds >= min(limits.not_started_timeout, limits.max_duration).total_seconds()
    if not seen_enough or history.elapsed_seconds < limits.max_duration.total_seconds():
        return None
    left = history.last.health.bootstrapping
    return f"no pass {_duration(history.elapsed_seconds)} after the start" + (
        f"; still to be bootstrapped: {', '.join(left)}" if left else _failing(history)
    )


def _failing(history: History) -> str:
    failing = history.last.health.failing
    return f"; failing checks: {', '.join(failing)}" if failing else ""


def _duration(seconds: float) -> str:
    return go_duration.format(timedelta(seconds=round(seconds)))


_CHECKS: tuple[tuple[Reason, Callable[[History, Limits], str | None]], ...] = (
    (Reason.BOOTSTRAPPED, _bootstrapped),
    (Reason.VOLUME_FULL, _volume_full),
    (Reason.NODE_NOT_STARTED, _node_not_started),
    (Reason.CRASH_LOOP, _crash_loop),
    (Reason.UNHEALTHY, _unhealthy),
    (Reason.STALLED, _stalled),
    (Reason.DEADLINE_EXCEEDED, _deadline_exceeded),
)
