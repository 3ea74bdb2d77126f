"""Lines of the log, as people's queries and alerts know them."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.log import LogFormat, LogLevel, configure, fields
from bootstrap_monitor.steps.gathering import config_fields

log = logging.getLogger("bootstrap_monitor.commands.some")
PLACE = r"cli/test_log\.py:\d+"


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("bootstrap_monitor")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level = before[0], before[1]
    ours.setLevel(before[2])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def configured(
    log_format: LogFormat, level: LogLevel = LogLevel.DEBUG, stream: io.StringIO | None = None
) -> io.StringIO:
    out = stream if stream is not None else io.StringIO()
    configure(log_format, level, out)
    return out


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (logging.DEBUG, "debug"),
        (logging.INFO, "info"),
        (logging.WARNING, "warn"),
        (logging.ERROR, "error"),
        (logging.CRITICAL, "fatal"),
    ],
)
def test_keys_of_a_json_line(level: int, name: str) -> None:
    out = configured(LogFormat.JSON)
    log.log(level, "Said %s", "so", extra=fields(first=1, second={"deep": None}))
    assert out.getvalue().count("\n") == 1
    line = json.loads(out.getvalue())
    assert list(line) == ["level", "timestamp", "caller", "msg", "first", "second"]
    assert (line["level"], line["msg"]) == (name, "Said so")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
    assert re.fullmatch(PLACE, line["caller"])
    assert (line["first"], line["second"]) == (1, {"deep": None})


@pytest.mark.parametrize(
    ("duration", "nanoseconds", "go"),
    [
        (timedelta(seconds=1.5), 1_500_000_000, "1.5s"),
        (timedelta(hours=26, seconds=3), 93_603_000_000_000, "26h0m3s"),
        (timedelta(), 0, "0s"),
    ],
)
def test_a_duration_is_nanoseconds_in_json_and_gos_form_in_a_line(
    duration: timedelta, nanoseconds: int, go: str
) -> None:
    out = configured(LogFormat.JSON)
    log.info("Done", extra=fields(duration=duration))
    value = json.loads(out.getvalue())["duration"]
    assert (value, type(value)) == (nanoseconds, int)

    out = configured(LogFormat.PLAIN)
    log.info("Done", extra=fields(duration=duration))
    assert f'{{"duration":"{go}"}}' in out.getvalue()


@pytest.mark.parametrize("log_format", [LogFormat.PLAIN, LogFormat.AUTO])
def test_a_plain_line(log_format: LogFormat) -> None:
    out = configured(log_format)
    log.warning("Look", extra=fields(at="this"))
    assert re.fullmatch(
        rf'\[\d\d-\d\d\|\d\d:\d\d:\d\d\.\d{{3}}\] WARN {PLACE} Look \{{"at":"this"\}}\n', out.getvalue()
    )


@pytest.mark.parametrize(("log_format", "stream"), [(LogFormat.AUTO, Terminal()), (LogFormat.COLORS, io.StringIO())])
def test_a_colored_line(log_format: LogFormat, stream: io.StringIO) -> None:
    out = configured(log_format, stream=stream)
    log.error("Look")
    assert "\x1b[31mERROR\x1b[0m" in out.getvalue()


@pytest.mark.parametrize("level", LogLevel)
def test_the_least_level(level: LogLevel) -> None:
    out = configured(LogFormat.JSON, level)
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(number, "Said")
    told = [json.loads(line)["level"].replace("warn", "warning") for line in out.getvalue().splitlines()]
    assert told == [str(item) for item in LogLevel][list(LogLevel).index(level) :]


def test_libraries_are_quiet_below_warnings() -> None:
    """Their debug shows headers, with tokens."""
    out = configured(LogFormat.JSON, LogLevel.DEBUG)
    for name in ("urllib3.connectionpool", "httpx", "kubernetes.client.rest"):
        logging.getLogger(name).info("Authorization: Bearer")
        logging.getLogger(name).debug("Authorization: Bearer")
    assert out.getvalue() == ""
    logging.getLogger("urllib3").warning("Retrying")
    assert json.loads(out.getvalue())["msg"] == "Retrying"


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.PLAIN])
def test_a_traceback_goes_along(log_format: LogFormat) -> None:
    out = configured(log_format)
    try:
        _ = 1 / (1 - 1)
    except ZeroDivisionError:
        log.exception("This is a bug")
    assert "Traceback (most recent call last)" in out.getvalue()
    if log_format is LogFormat.JSON:
        assert json.loads(out.getvalue())["stacktrace"].endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.PLAIN])
def test_names_of_files_that_are_not_utf_8_lose_no_line(log_format: LogFormat) -> None:
    out = configured(log_format)
    log.info("Cannot clear db/\udcff", extra=fields(path="db/\udcff", duration=timedelta(seconds=1)))
    out.getvalue().encode()
    assert r"db/\udcff" in out.getvalue()
    if log_format is LogFormat.JSON:
        assert json.loads(out.getvalue())["duration"] == 1_000_000_000


@pytest.mark.parametrize("mode", SyncMode)
def test_keys_of_a_test_config(mode: SyncMode) -> None:
    config = TestConfig("fuji", mode, "", "repo@sha256:" + "a" * 64, '{"application":"avalanchego/1.13.0"}')
    out = configured(LogFormat.JSON)
    log.info("Starting bootstrap test", extra=fields(testConfig=config_fields(config)))
    assert json.loads(out.getvalue())["testConfig"] == {
        "network": "fuji",
        "syncMode": mode.value,
        "image": config.image,
        "versions": {"application": "avalanchego/1.13.0"},
    }


def test_unknown_versions_are_left_out() -> None:
    assert set(config_fields(TestConfig("fuji", SyncMode.FULL_SYNC, "", "repo", None))) == {
        "network",
        "syncMode",
        "image",
    }
