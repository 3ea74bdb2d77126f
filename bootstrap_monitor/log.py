"""The log, on stdout: JSON for machines in the keys that people's queries know, or a line for people.

Fields go along as ``extra=fields(name=value)``. A duration is integer nanoseconds in JSON and Go's form in a line.
"""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import Any, TextIO


class LogFormat(StrEnum):
    """The values of ``--log-format``."""

    AUTO = "auto"
    """Colors on a terminal, plain elsewhere."""
    PLAIN = "plain"
    COLORS = "colors"
    JSON = "json"


class LogLevel(StrEnum):
    """The values of ``--log-level``."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def fields(**values: Any) -> dict[str, Any]:
    """For ``extra=``: the fields of a log entry, in this order."""
    return {"fields": values}


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send the program's log to ``stream`` (stdout). Libraries speak from ``warning`` on: their debug shows headers."""
    from bootstrap_monitor.log_formatters import JsonFormatter, LineFormatter  # noqa: PLC0415 - see there

    stream = stream or sys.stdout
    handler = logging.StreamHandler(stream)
    if log_format is LogFormat.AUTO:
        log_format = LogFormat.COLORS if stream.isatty() else LogFormat.PLAIN
    handler.setFormatter(
        JsonFormatter() if log_format is LogFormat.JSON else LineFormatter(colors=log_format is LogFormat.COLORS)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bootstrap_monitor").setLevel(level.upper())
