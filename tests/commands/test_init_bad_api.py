"""``init`` when one verb is answered so, for good: its exit code, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.errors import ExitCode, MonitorError, Terminated
from tests.support.cluster import fails
from tests.support.manifests import NEXT, PINNED, PROBE, details, template_image
from tests.support.rig import Rig, terminate

AGAIN, PERSON, LEFT = ExitCode.TRY_AGAIN, ExitCode.CONFIGURATION, ExitCode.TERMINATED
BY_STATUS = {
    0: AGAIN,
    400: PERSON,
    401: AGAIN,
    403: PERSON,
    404: AGAIN,
    409: AGAIN,
    410: AGAIN,
    422: PERSON,
    429: AGAIN,
    500: AGAIN,
    502: AGAIN,
    503: AGAIN,
    504: AGAIN,
}


def _own_pod(rig: Rig, fault: Callable[[], None]) -> None:
    rig.cluster.always("get_pod", fault)


def _probe_pod(rig: Rig, fault: Callable[[], None]) -> None:
    rig.cluster.once("get_pod", lambda: None)
    rig.cluster.always("get_pod", fault)


def _probe_deletion(rig: Rig, fault: Callable[[], None]) -> None:
    rig.cluster.once("delete_pod", fault)


def _own_deletion(rig: Rig, fault: Callable[[], None]) -> None:
    rig.cluster.once("delete_pod", lambda: None)
    rig.cluster.always("delete_pod", fault)


def _verb(method: str) -> Callable[[Rig, Callable[[], None]], None]:
    return lambda rig, fault: rig.cluster.always(method, fault)


VERBS: dict[str, tuple[Callable[[Rig, Callable[[], None]], None], dict[int, ExitCode]]] = {
    "get its own pod": (_own_pod, {}),
    "read the StatefulSet": (_verb("read_stateful_set"), {}),
    "create the probe pod": (_verb("create_pod"), {}),
    "get the probe pod": (_probe_pod, {}),
    "read the probe pod's log": (_verb("pod_log"), {}),
    # It goes with its owner at the latest: a warning.
    "delete the probe pod": (_probe_deletion, dict.fromkeys(BY_STATUS, LEFT)),
    "patch the StatefulSet": (_verb("patch_stateful_set"), {}),
    # Gone, or of another uid: somebody was faster.
    "delete its own pod": (_own_deletion, {404: LEFT, 409: LEFT}),
}
ROWS = {
    f"{verb}, {status}": (break_it, status, exceptions.get(status, code))
    for verb, (break_it, exceptions) in VERBS.items()
    for status, code in BY_STATUS.items()
}


@pytest.mark.parametrize(("break_it", "status", "code"), ROWS.values(), ids=ROWS)
def test_a_verb_that_is_answered_so(
    break_it: Callable[[Rig, Callable[[], None]], None], status: int, code: ExitCode, tmp_path: Path
) -> None:
    rig = Rig(tmp_path)
    old = details(NEXT, trackedTag="old")
    rig.write_details(old)
    rig.put_node_data(NEXT)
    break_it(rig, fails(status))
    if code is LEFT:
        rig.clock.at(30, terminate)

    with pytest.raises(Terminated if code is LEFT else MonitorError) as caught:
        rig.init().run()

    if isinstance(caught.value, MonitorError):
        assert caught.value.exit_code is code
        assert caught.value.what
    assert rig.read_details() == old
    assert set(rig.files().values()) == {NEXT}, "data is only ever cleared in a pinned pod"

    rig.cluster.never_mind()
    rig.clock.forget(terminate)
    with pytest.raises(Terminated):
        rig.init().run()
    rig.cluster.settle()
    rig.clock.follow()
    assert rig.init().run() is ExitCode.DONE, "the next start, with the API well again"
    assert template_image(rig.cluster.set) == PINNED
    assert PROBE not in rig.cluster.pods


STARTS = {
    "a new test": {},
    "the same test": details(),
    "a file to complete": {"image": PINNED, "startTime": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("file", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("method", ["get_pod", "read_stateful_set"])
@pytest.mark.parametrize(("status", "code"), BY_STATUS.items())
def test_a_pinned_pod_needs_two_reads(
    file: dict[str, object], method: str, status: int, code: ExitCode, tmp_path: Path
) -> None:
    rig = Rig(tmp_path, PINNED)
    rig.put_node_data()
    if file:
        rig.write_details(file)
    before = rig.world()
    rig.cluster.always(method, fails(status))

    with pytest.raises(MonitorError) as caught:
        rig.init().run()

    assert caught.value.exit_code is code
    assert rig.world() == before
    rig.cluster.never_mind()
    assert rig.init().run() is ExitCode.DONE
    assert bool(rig.files()) == bool(file)


@pytest.mark.parametrize("method", ["create_pod", "delete_pod", "pod_log", "patch_stateful_set", "create_event"])
def test_a_pinned_pod_starts_without_any_other_verb(method: str, tmp_path: Path) -> None:
    rig = Rig(tmp_path, PINNED)
    rig.cluster.always(method, fails(403, "Forbidden"))
    assert rig.init().run() is ExitCode.DONE
    assert (rig.volume / names.DETAILS_FILE).exists()
