"""The API server is away for minutes, from any request on: both commands come to the same end, once it is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.errors import ExitCode, MonitorError, Terminated
from bootstrap_monitor.retrying import retry_transient
from tests.support.cluster import failure
from tests.support.kube_verbs import VERBS
from tests.support.manifests import FLOATING, NEXT, NEXT_VERSIONS, PINNED, POD, details, template_image
from tests.support.outcomes import ran
from tests.support.rig import HEALTHY, FakeNode, Rig, logged

AWAY_SECONDS = 180.0
RESTART_SECONDS = 20.0
"""Of a container that ended, by the kubelet."""
ATTEMPTS = {verb.of: verb.attempts for verb in VERBS.values()}


class Outage:
    """From the n-th request on, from 1, for minutes; tried as the adapter tries them."""

    def __init__(self, rig: Rig, number: int, status: int) -> None:
        self.requests = 0
        self._rig = rig
        self._number = number
        self._status = status
        self._until: float | None = None
        rig.cluster.through = self._tried

    def _tried(self, method: str, meet: Callable[[], None]) -> None:
        def attempt() -> None:
            self.requests += 1
            now = self._rig.clock.monotonic()
            if self.requests == self._number:
                self._until = now + AWAY_SECONDS
            if self._until and now < self._until:
                raise failure(self._status)
            meet()

        retry_transient(attempt, clock=self._rig.clock, what=method, attempts=ATTEMPTS[method])


def until_sigterm(rig: Rig, run: Callable[[], object]) -> None:
    """As the kubelet runs a container: it is restarted when it ends by itself."""
    for _ in range(20):
        try:
            run()
        except MonitorError as error:
            if error.exit_code is not ExitCode.TRY_AGAIN:
                raise
            rig.clock.sleep(RESTART_SECONDS)
        except Terminated:
            return
    pytest.fail("it does not end")


def _without_outage(flow: Callable[[Rig, int, int], Outage], folder: Path) -> int:
    folder.mkdir()
    return flow(Rig(folder), 0, 0).requests


def _init(rig: Rig, number: int, status: int) -> Outage:
    """An image without a digest is pinned."""
    outage = Outage(rig, number, status)
    until_sigterm(rig, lambda: rig.init().run())
    return outage


def _sidecar(rig: Rig, number: int, status: int) -> Outage:
    """The node passes, and the next image is there."""
    rig.write_details(details())
    rig.cluster.set_image(PINNED)
    rig.cluster.delete_pod(POD)
    rig.cluster.settle()
    rig.clock.follow()
    rig.cluster.deletions.clear()
    rig.cluster.images[FLOATING] = ran(NEXT, NEXT_VERSIONS)
    rig.node = FakeNode(HEALTHY)
    outage = Outage(rig, number, status)
    until_sigterm(rig, lambda: rig.sidecar().run())
    return outage


INIT_REQUESTS, SIDECAR_REQUESTS = 11, 20


def test_the_numbers_below_are_of_all_requests(tmp_path: Path) -> None:
    assert _without_outage(_init, tmp_path / "init") <= INIT_REQUESTS
    assert _without_outage(_sidecar, tmp_path / "sidecar") <= SIDECAR_REQUESTS


@pytest.mark.parametrize("status", [0, 401, 429, 503])
@pytest.mark.parametrize("number", range(1, INIT_REQUESTS + 1))
def test_init(number: int, status: int, tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    _init(rig, number, status)

    assert template_image(rig.cluster.set) == PINNED
    assert list(rig.cluster.pods) == [POD]
    assert "deletionTimestamp" in rig.cluster.pod["metadata"]
    assert rig.attempts() in (["pin"], ["pin", "self-deletion"])
    rig.cluster.settle()
    rig.clock.follow()
    assert rig.init().run() is ExitCode.DONE


@pytest.mark.parametrize("status", [0, 401, 429, 503])
@pytest.mark.parametrize("number", range(1, SIDECAR_REQUESTS + 1))
def test_wait_for_completion(number: int, status: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    _sidecar(rig, number, status)

    assert [result["verdict"] for result in rig.results()] == ["passed"], "one result"
    assert len(logged(caplog, names.COMPLETED)) == 1
    assert template_image(rig.cluster.set) == NEXT
    assert [deletion["name"] for deletion in rig.cluster.deletions][-1] == POD
    assert list(rig.cluster.pods) == [POD], "no probe pod is left"
