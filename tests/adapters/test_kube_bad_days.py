"""Bad days of the API server by every verb: the error, how often and how long is tried, and what is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bootstrap_monitor.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from bootstrap_monitor.timings import RETRY_ATTEMPTS, RETRY_BUDGET_SECONDS, RETRY_WAIT_CAP_SECONDS
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, Step, answer, cut, hang, raw, refusing_url, reset
from tests.support.kube_api import connect, status
from tests.support.kube_verbs import Verb, every_retried_verb, every_verb

SECRET = "hunter2"
SILENCE_SECONDS = 0.02


@dataclass(frozen=True)
class Fault:
    """What the server does (``None``: nobody listens), and what is made of it when it goes on."""

    step: Step | None
    error: type[ApiError]
    status: int
    reason: str
    transient: bool = True


def _status(code: int, error: type[ApiError], *, transient: bool) -> Fault:
    body = {"kind": "Status", "reason": "SomeReason", "message": "some message", "data": {"password": SECRET}}
    return Fault(answer(code, body), error, code, "SomeReason", transient)


def _broken(step: Step | None, reason: str = "ConnectionFailed") -> Fault:
    return Fault(step, ApiError, 0, reason)


STATUSES = {
    "301": _status(301, ApiError, transient=False),
    "400": _status(400, Invalid, transient=False),
    "401": _status(401, ApiError, transient=True),
    "403": _status(403, Forbidden, transient=False),
    "404": _status(404, NotFound, transient=False),
    "408": _status(408, ApiError, transient=True),
    "409": _status(409, Conflict, transient=False),
    "410": _status(410, ApiError, transient=False),
    "413": _status(413, Invalid, transient=False),
    "415": _status(415, ApiError, transient=False),
    "422": _status(422, Invalid, transient=False),
    "429": _status(429, ApiError, transient=True),
    "500": _status(500, ApiError, transient=True),
    "502": _status(502, ApiError, transient=True),
    "503": _status(503, ApiError, transient=True),
    "504": _status(504, ApiError, transient=True),
}
BROKEN = {
    "connection refused": _broken(None),
    "reset": _broken(reset()),
    "closed without an answer": _broken(raw(b"")),
    "cut in mid-body": _broken(cut(b'{"kind": "Pod"')),
    "cut though whole": _broken(cut(b'{"kind": "Pod"}')),
    "cut chunks": _broken(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{")),
    "not HTTP": _broken(raw(b"\x00\x01\x02 what?\r\n\r\n")),
    "accepted and silent": _broken(hang(), "TimedOut"),
    "silent in mid-body": _broken(hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "TimedOut"),
}
FAULTS = STATUSES | BROKEN
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@contextmanager
def serving(*steps: Step | None) -> Iterator[str]:
    """The address of a server that does these in turn, or of none."""
    if steps[0] is None:
        yield refusing_url()
    else:
        with ScriptedServer(*(step for step in steps if step)) as server:
            yield server.url


@every_verb
@every_fault
def test_each_fault_has_its_error_and_its_tries(
    verb: Verb, fault: Fault, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(fault.step) as url:
        kube = connect(tmp_path, url, clock, read_seconds=SILENCE_SECONDS if fault.reason == "TimedOut" else 60)
        with pytest.raises(ApiError) as caught:
            verb.call(kube)

    error = caught.value
    assert type(error) is fault.error
    assert (error.status, error.reason, error.transient) == (fault.status, fault.reason, fault.transient)
    assert error.what.endswith(f": HTTP {fault.status} SomeReason some message") == bool(fault.status)
    assert len(clock.sleeps) == (verb.attempts - 1 if fault.transient else 0)
    assert all(0 < seconds <= RETRY_WAIT_CAP_SECONDS for seconds in clock.sleeps)
    assert sum(clock.sleeps) <= RETRY_BUDGET_SECONDS
    assert SECRET not in error.diagnostics() + repr(error) + caplog.text


@every_verb
@pytest.mark.parametrize("fault", [STATUSES["403"], STATUSES["503"], BROKEN["reset"], BROKEN["cut in mid-body"]])
def test_each_try_is_one_request(verb: Verb, fault: Fault, clock: FakeClock, tmp_path: Path) -> None:
    assert fault.step
    with ScriptedServer(fault.step) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError):
            verb.call(kube)

    assert len(server.requests) == (verb.attempts if fault.transient else 1)
    assert len({(request.method, request.target, request.body) for request in server.requests}) == 1


ONE_AFTER_ANOTHER = ("reset", "503", "cut in mid-body", "401", "429")


@every_retried_verb
@pytest.mark.parametrize("failures", range(1, RETRY_ATTEMPTS))
def test_a_success_after_failures_is_a_success(
    verb: Verb, failures: int, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(*(FAULTS[name].step for name in ONE_AFTER_ANOTHER[:failures]), answer(200, verb.answer)) as url:
        assert verb.call(connect(tmp_path, url, clock)) == verb.result

    assert len(clock.sleeps) == failures
    assert f"attempt #{failures}/{RETRY_ATTEMPTS} failed" in caplog.text


@every_verb
@pytest.mark.parametrize(("code", "transient"), [(403, False), (500, True)])
def test_a_body_that_is_no_status_is_never_shown(
    verb: Verb, code: int, transient: bool, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"kind": "Secret", "data": {"password": SECRET}, "message": SECRET, "reason": SECRET}
    with ScriptedServer(answer(code, body)) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError) as caught:
            verb.call(kube)

    assert (caught.value.reason, caught.value.transient) == (f"Http{code}", transient)
    assert SECRET not in caught.value.diagnostics() + repr(caught.value) + caplog.text


def _date(clock: FakeClock, seconds: float) -> str:
    return format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True)


@every_retried_verb
@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("asked", "seconds"), [("11", 11), ("date", 9), ("date of the past", 0)], ids=["seconds", "date", "past"]
)
def test_retry_after_is_waited_for(
    verb: Verb, code: int, asked: str, seconds: float, clock: FakeClock, tmp_path: Path
) -> None:
    value = {"date": _date(clock, 9), "date of the past": _date(clock, -3600)}.get(asked, asked)
    with ScriptedServer(status(code, headers={"Retry-After": value}), answer(200, verb.answer)) as server:
        assert verb.call(connect(tmp_path, server.url, clock)) == verb.result

    (waited,) = clock.sleeps
    assert seconds < waited < seconds + 1


@every_verb
@pytest.mark.parametrize("asked", ["3600", "9" * 400, "date"], ids=["an hour", "for ever", "date"])
def test_after_a_huge_retry_after_there_is_no_further_try(
    verb: Verb, asked: str, clock: FakeClock, tmp_path: Path
) -> None:
    value = _date(clock, 3600) if asked == "date" else asked
    with ScriptedServer(status(429, headers={"Retry-After": value})) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError) as caught:
            verb.call(kube)

    assert (caught.value.status, caught.value.transient) == (429, True)
    assert (len(server.requests), clock.sleeps) == (1, [])


@pytest.mark.parametrize("by", [timedelta(hours=5), timedelta(hours=-5)], ids=["ahead", "back"])
def test_a_retry_after_date_read_by_a_wrong_clock_holds_nobody_up(
    by: timedelta, clock: FakeClock, tmp_path: Path
) -> None:
    value = _date(clock, 5)
    clock.jump(by)
    with ScriptedServer(status(429, headers={"Retry-After": value})) as server:
        kube = connect(tmp_path, server.url, clock)
        with pytest.raises(ApiError) as caught:
            kube.get_pod("node-0")

    assert caught.value.transient, "a later call tries again"
    assert len(server.requests) == (RETRY_ATTEMPTS if by > timedelta() else 1)
    assert all(0 < seconds <= RETRY_WAIT_CAP_SECONDS for seconds in clock.sleeps)
