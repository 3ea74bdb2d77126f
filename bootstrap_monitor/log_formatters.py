"""What a line of the log looks like: JSON for machines, or for people.

Apart from :mod:`bootstrap_monitor.log`, as `--help` and `version` log nothing and need not import what this needs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, ClassVar

import orjson

from bootstrap_monitor.core import go_duration


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``level``, ``timestamp``, ``caller``, ``msg``, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, on one line; a traceback is its ``stacktrace``."""
        entry = {
            "level": _level(record),
            "timestamp": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "caller": _caller(record),
            "msg": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["stacktrace"] = self.formatException(record.exc_info)
        return _json(entry, _json_value)


class LineFormatter(logging.Formatter):
    """``[01-02|15:04:05.000] LEVEL caller message {fields}``."""

    _COLORS: ClassVar = {logging.DEBUG: 36, logging.INFO: 32, logging.WARNING: 33, logging.ERROR: 31}

    def __init__(self, *, colors: bool) -> None:
        super().__init__()
        self._colored = colors

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows on lines of its own."""
        level = _level(record).upper()
        if self._colored:
            level = f"\x1b[{self._COLORS.get(record.levelno, 31)}m{level}\x1b[0m"
        time = _time(record).strftime("%m-%d|%H:%M:%S.%f")[:-3]
        line = f"[{time}] {level} {_caller(record)} {record.getMessage()}"
        if values := _fields(record):
            line += " " + _json(values, _line_value)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line.encode(errors="backslashreplace").decode()


def _level(record: logging.LogRecord) -> str:
    return {logging.WARNING: "warn", logging.CRITICAL: "fatal"}.get(record.levelno, record.levelname.lower())


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _caller(record: logging.LogRecord) -> str:
    return f"{'/'.join(PurePath(record.pathname).parts[-2:])}:{record.lineno}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    values: dict[str, Any] = getattr(record, "fields", {})
    return values


def _json(values: dict[str, Any], default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(values, default=default, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except orjson.JSONEncodeError:  # the name of a file that is not UTF-8
        return json.dumps(values, default=default)


def _json_value(value: Any) -> Any:
    return go_duration.nanoseconds(value) if isinstance(value, timedelta) else str(value)


def _line_value(value: Any) -> str:
    return go_duration.format(value) if isinstance(value, timedelta) else str(value)
