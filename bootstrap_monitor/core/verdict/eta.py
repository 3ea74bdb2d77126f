"""When a bootstrap ends, where that can be computed: once all is fetched, accepted runs after fetched.

The node exports no total, so before that, and in state sync, there is nothing to compute.
"""

from __future__ import annotations

from datetime import timedelta

from bootstrap_monitor.core import metrics
from bootstrap_monitor.core.verdict.sample import Sample


def eta(before: Sample, now: Sample) -> dict[str, timedelta]:
    """The time left by chain, from the rate between the two samples."""
    seconds = now.at_seconds - before.at_seconds
    if seconds <= 0:
        return {}
    fetched, accepted = (metrics.counters(now.marks, ending) for ending in ("_bs_fetched", "_bs_accepted"))
    fetched_before, accepted_before = (
        metrics.counters(before.marks, ending) for ending in ("_bs_fetched", "_bs_accepted")
    )
    left = {}
    for chain, total in fetched.items():
        done = accepted.get(chain, 0.0)
        rate = (done - accepted_before.get(chain, done)) / seconds
        if rate > 0 and fetched_before.get(chain) == total and total > done:
            left[chain] = timedelta(seconds=round((total - done) / rate))
    return left
