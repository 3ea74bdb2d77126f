"""Simulated time, and processes that live in it: the real commands, each in a thread, of which one runs at a time.

A process hands the baton back when it sleeps past the next event. Nothing is left to the machine's scheduler: what
happens is told by the seed alone.
"""

from __future__ import annotations

import _thread
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bootstrap_monitor.errors import MonitorError, Terminated
from tests.support.kills import Killed

START = datetime(2026, 1, 5, tzinfo=UTC)
KILLED, TERMINATED = 137, 143
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Simulation:
    """The events to come, in order of time; of equal times, in order of their making."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the start."""
        self.jumped = timedelta()
        """How far the wall clock is off: somebody sets it now and then."""
        self.back = _thread.allocate_lock()
        """Held while a process has the baton."""
        self.back.acquire()
        self.processes: set[Process] = set()
        self.over = False
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now) + self.jumped

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, act))

    def sleeps_through(self, until: float) -> bool:
        """Whether nothing happens before; then it is that time."""
        if self._events and self._events[0][0] <= until:
            return False
        self.now = until
        return True

    def run(self, seconds: float) -> None:
        """Raises what a process or an event raises that is no ordinary end; no process outlives it."""
        self.after(seconds, self._end)
        try:
            while not self.over:
                self.now, _, act = heapq.heappop(self._events)
                act()
        finally:
            self.over = True
            for process in [*self.processes]:
                process.signal(Killed("the simulation is over"))

    def _end(self) -> None:
        self.over = True


class Process:
    """One run of a command, and the clock that it is given. ``ended`` is told its exit code."""

    def __init__(
        self, simulation: Simulation, name: str, command: Callable[[Process], None], ended: Callable[[int], None]
    ) -> None:
        self.name = name
        self._simulation = simulation
        self._command = command
        self._ended = ended
        self._go = _thread.allocate_lock()
        self._go.acquire()
        self._signal: BaseException | None = None
        self._sleeping = 0
        self._sleeps = 0
        self._code: int | None = None
        self._failure: BaseException | None = None
        self.alive = True
        simulation.processes.add(self)
        # Without what ``threading`` adds: a measurement of coverage is one, and triples the time that the soak takes.
        _thread.start_new_thread(self._run, ())
        simulation.after(0, self._resume)

    # The clock.

    def now(self) -> datetime:
        return self._simulation.wall()

    def monotonic(self) -> float:
        return self._simulation.now

    def sleep(self, seconds: float) -> None:
        until = self._simulation.now + max(0.0, seconds)
        if self._simulation.sleeps_through(until):
            return
        self._sleeps += 1
        number = self._sleeping = self._sleeps
        self._simulation.after(until - self._simulation.now, lambda: self._wake(number))
        self._hand_back()

    # What happens to it. From events only: then it sleeps.

    def signal(self, error: BaseException) -> None:
        """End it: by ``Terminated`` or ``Killed``."""
        if self.alive:
            self._signal = error
            self._resume()

    def _wake(self, number: int) -> None:
        if self._sleeping == number:
            self._resume()

    def _resume(self) -> None:
        if not self.alive:
            return
        self._sleeping = 0
        self._go.release()
        self._simulation.back.acquire()
        if self._code is not None:
            self.alive = False
            self._simulation.processes.discard(self)
            if self._failure and not self._simulation.over:
                raise self._failure
            if not self._simulation.over:
                self._ended(self._code)

    def _hand_back(self) -> None:
        self._simulation.back.release()
        self._await_baton()

    def _await_baton(self) -> None:
        self._go.acquire()
        if self._signal:
            raise self._signal

    def _run(self) -> None:
        code = 1
        try:
            self._await_baton()
            self._command(self)
            code = 0
        except MonitorError as error:
            code = int(error.exit_code)
        except Terminated:
            code = TERMINATED
        except Killed:
            code = KILLED
        except BaseException as error:  # noqa: BLE001 - a bug, or a violation: for who runs the simulation
            self._failure = error
        self._code = code
        self._simulation.back.release()
