"""How long things may take, and how much is read, in one place. All are seconds unless a name says otherwise."""

from __future__ import annotations

from datetime import timedelta

# Requests: the API server answers in milliseconds; a hung connection must not hold up a loop for long.
API_CONNECT_SECONDS = 5.0
API_READ_SECONDS = 30.0
NODE_CONNECT_SECONDS = 2.0
NODE_READ_SECONDS = 10.0
NODE_TOTAL_SECONDS = 20.0
REGISTRY_CONNECT_SECONDS = 5.0
REGISTRY_READ_SECONDS = 10.0
# One question to a registry, with its token, redirects and retries: who asks has a probe pod to ask next.
REGISTRY_TOTAL_SECONDS = 20.0
REGISTRY_ATTEMPTS = 3

# An archive's server: a read's time-out and how long trouble is borne are options.
ARCHIVE_CONNECT_SECONDS = 10.0
ARCHIVE_RETRY_FIRST_SECONDS = 0.5
ARCHIVE_RETRY_CAP_SECONDS = 30.0
# While waiting for the next try: how soon it is seen that nobody waits for it any more.
ARCHIVE_STOP_SECONDS = 1.0

# Retries of one request: seconds, never minutes; whoever called has a loop of its own.
RETRY_ATTEMPTS = 6
RETRY_BUDGET_SECONDS = 45.0
RETRY_WAIT_CAP_SECONDS = 8.0
RETRY_WAIT_FIRST_SECONDS = 0.5
RETRY_WAIT_LEAST_SECONDS = 0.2

# A patch guarded by a resourceVersion meets the controller's status updates; each turn starts from a fresh read.
CONFLICT_ATTEMPTS = 10
CONFLICT_WAIT_SECONDS = 0.2

# After a patch, until the controller has seen it. A pod deleted before comes back with the old template.
OBSERVED_TIMEOUT_SECONDS = 60.0
OBSERVED_POLL_SECONDS = 0.25

# After a pod deleted itself, until its SIGTERM.
TERMINATION_TIMEOUT_SECONDS = 300.0
# The same in a process that finds its pod deleted already: SIGTERM may have come before anybody listened.
LATE_TERMINATION_TIMEOUT_SECONDS = 5.0

PROBE_POLL_SECONDS = 1.0
PROBE_GONE_TIMEOUT_SECONDS = 120.0
# The deadline of the kubelet comes after ours: it erases the waiting reason that our message quotes.
PROBE_DEADLINE_MARGIN_SECONDS = 30

# Who reverts the pin, or keeps an old template, is met with an error after so many tries, not with a loop.
PIN_WINDOW = timedelta(minutes=10)
PINS_PER_WINDOW = 3

HEARTBEAT_SECONDS = 600.0
PROGRESS_SECONDS = 30.0
# One walk over the volume, for the result; a result does not wait longer for it.
EXACT_USAGE_TIMEOUT_SECONDS = 900.0
COUNT_POLL_SECONDS = 1.0

# With a failed verdict, in our own log; that much for 200 lines of any sane length.
NODE_LOG_LINES = 200
NODE_LOG_LIMIT_BYTES = 256 * 1024

# From SIGTERM to the end of the process, whatever it is doing.
SIGTERM_LIMIT_SECONDS = 0.8
