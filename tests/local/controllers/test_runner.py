"""Controllers in their threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from queue import Queue

import pytest

from e2e.clusters.local.api.errors import bad_request
from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers.runner import Reconcile, Runner
from e2e.clusters.local.settings import Delays
from tests.local.controllers.rig import NAMESPACE, NoLogs

LIMIT_SECONDS = 20
SOON, NEVER = Delays(0.001), Delays(1000)


def secret(name: str) -> Json:
    return {"kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}}


class Runners:
    """Starts runners, and stops them at the end of the test."""

    def __init__(self) -> None:
        self.api = Api(logs=NoLogs())
        self._started: list[Runner] = []

    def start(self, reconcile: Reconcile, delays: Delays) -> Runner:
        runner = Runner(self.api, {"tested": reconcile}, delays)
        self._started.append(runner)
        runner.start()
        return runner

    def stop(self) -> None:
        for runner in self._started:
            runner.stop()


@pytest.fixture
def runners() -> Iterator[Runners]:
    runners = Runners()
    yield runners
    runners.stop()


def test_it_looks_at_once_and_after_each_change(runners: Runners) -> None:
    seen: Queue[list[str]] = Queue()

    def look(api: Api) -> None:
        seen.put([one["metadata"]["name"] for one in api.list("Secret")["items"]])

    runners.start(look, NEVER)
    assert seen.get(timeout=LIMIT_SECONDS) == []
    runners.api.create(secret("one"))
    while seen.get(timeout=LIMIT_SECONDS) != ["one"]:
        pass


def test_it_looks_again_without_a_change(runners: Runners) -> None:
    seen: Queue[int] = Queue()
    runners.start(lambda api: seen.put(api.version()), SOON)
    assert len({seen.get(timeout=LIMIT_SECONDS) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("error", "logged"),
    [(ValueError("of a bug"), "ValueError: of a bug"), (bad_request("no such thing"), "")],
    ids=["bug", "refusal"],
)
def test_an_error_does_not_end_it(
    runners: Runners, caplog: pytest.LogCaptureFixture, error: Exception, logged: str
) -> None:
    seen: Queue[int] = Queue()

    def fail(api: Api) -> None:
        seen.put(api.version())
        raise error

    runners.start(fail, SOON)
    for _ in range(3):
        seen.get(timeout=LIMIT_SECONDS)
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(errors) == bool(logged)
    assert logged in caplog.text


def test_stop_ends_a_thread_that_waits(runners: Runners) -> None:
    seen = threading.Event()
    runner = runners.start(lambda _: seen.set(), NEVER)
    assert seen.wait(LIMIT_SECONDS)
    runner.stop()
    assert not any(thread.name == "tested-controller" for thread in threading.enumerate())
