# ruff: noqa: T201 - its output
"""``scripts/bench/soak``: as many simulated days as you like. The same seed is the same days."""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
from collections.abc import Sequence

from tests.soak.program import Program
from tests.soak.run import Report, SoakError, run
from tests.soak.world import World

LINES = 12


def main(words: Sequence[str] | None = None, program: Program | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench/soak", description=__doc__)
    parser.add_argument("--days", type=int, default=365, metavar="NUMBER", help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, metavar="NUMBER", help="what the days are drawn from; one by chance")
    options = parser.parse_args(words)
    seed = random.randrange(10**6) if options.seed is None else options.seed
    every = max(1, options.days // LINES)
    started = time.monotonic()
    print(f"seed {seed}, {options.days} days")
    print("   day    tests   passed   failed     pods   probes   requests   memory blocks   seconds", flush=True)

    def tell(world: World) -> None:
        if world.day % every == 0:
            gc.collect()
            seconds = time.monotonic() - started
            print(f"{_figures(world)}   {sys.getallocatedblocks():13}   {seconds:7.1f}", flush=True)

    try:
        report = run(seed, options.days, program, each_day=tell)
    except SoakError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(table(report)))
    return 0


def _figures(world: World) -> str:
    counts = world.counts
    passed, failed = (sum(n for name, n in counts.items() if name.startswith(v)) for v in ("passed", "failed"))
    return (
        f"{world.day:6}   {counts['tests begun']:6}   {passed:6}   {failed:6}   {counts['pods']:6}   "
        f"{counts['probe pods']:6}   {counts['API requests']:8}"
    )


def table(report: Report) -> list[str]:
    """What happened, how often."""
    width = max(map(len, report.counts))
    return [f"{name:{width}}  {number:8}" for name, number in sorted(report.counts.items(), key=str)]


if __name__ == "__main__":
    sys.exit(main())
