"""Log files in the form of container runtimes, and what the API server gives of them."""

import re
from pathlib import Path
from typing import Any

import pytest

from e2e.clusters.local.api.errors import ApiError
from e2e.clusters.local.kubelet.logs import LONGEST_LINE_BYTES, Logs
from e2e.kit.logs import ContainerLogs

RUNS: dict[str, Any] = {"state": {"running": {}}, "lastState": {}}
ENDED: dict[str, Any] = {"state": {"terminated": {"exitCode": 1}}, "lastState": {}}
RUNS_AGAIN: dict[str, Any] = {"state": {"running": {}}, "lastState": {"terminated": {"exitCode": 1}}}
WAITS_AGAIN: dict[str, Any] = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ENDED["state"]}


def waits(reason: str) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason}}, "lastState": {}}


def pod(told: dict[str, Any] | None = None, restarts: int = 0) -> dict[str, Any]:
    statuses = [{"name": "one", "restartCount": restarts, **(told or RUNS)}]
    return {
        "metadata": {"namespace": "rig", "name": "pod", "uid": "u"},
        "spec": {"nodeName": "local"},
        "status": {"containerStatuses": statuses},
    }


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def write(logs: Logs, *pieces: bytes, run: int = 0, stream: str = "stdout") -> None:
    log = logs.open(pod(), "one", run)
    for piece in pieces:
        log.write(stream, piece)
    log.close()
    logs.closed(pod(), "one", run)


def read(logs: Logs, told: dict[str, Any] | None = None, restarts: int = 0, **options: Any) -> str:
    wanted = {"previous": False, "tail_lines": None, "limit_bytes": None, **options}
    return logs.read(pod(told, restarts), "one", **wanted).decode()


def test_a_file_has_a_line_with_time_and_stream_for_each_line(logs: Logs, tmp_path: Path) -> None:
    write(logs, b"one\ntw", b"o\n\nno end")
    lines = (tmp_path / "rig_pod_u/one/0.log").read_text().splitlines()
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z stdout ([FP] .*)"
    assert [re.fullmatch(form, line)[1] for line in lines] == ["F one", "F two", "F ", "P no end"]  # type: ignore[index]
    assert read(logs) == "one\ntwo\n\nno end"
    assert read(logs, tail_lines=1) == "no end"


@pytest.mark.parametrize("pieces", [1, 7], ids=["at once", "in pieces"])
def test_a_long_line_is_cut_in_the_file_and_whole_for_readers(logs: Logs, tmp_path: Path, pieces: int) -> None:
    text = b"x" * (2 * LONGEST_LINE_BYTES + 10) + b"\nshort\n"
    size = -(-len(text) // pieces)
    write(logs, *(text[start : start + size] for start in range(0, len(text), size)))
    written = (tmp_path / "rig_pod_u/one/0.log").read_bytes()
    assert max(len(line) for line in written.splitlines()) < LONGEST_LINE_BYTES + 60
    assert read(logs).encode() == text
    follower = ContainerLogs(tmp_path, "rig")
    assert [line.text for line in follower.lines()] == text.decode().splitlines()
    follower.close()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"tail_lines": 2}, "two\nthree\n"),
        ({"tail_lines": 0}, ""),
        ({"tail_lines": 9}, "one\ntwo\nthree\n"),
        ({"limit_bytes": 5}, "one\nt"),
        ({"tail_lines": 1, "limit_bytes": 2}, "th"),
    ],
    ids=str,
)
def test_tail_and_limit(logs: Logs, options: dict[str, Any], text: str) -> None:
    write(logs, b"one\ntwo\nthree\n")
    assert read(logs, **options) == text


def test_timestamps_are_those_of_the_file(logs: Logs, tmp_path: Path) -> None:
    write(logs, b"one\n")
    stamp = (tmp_path / "rig_pod_u/one/0.log").read_text().split()[0]
    assert read(logs, timestamps=True) == f"{stamp} one\n"


@pytest.mark.parametrize(
    ("told", "restarts", "previous", "text"),
    [
        (RUNS, 0, False, "run 0\n"),
        (ENDED, 0, False, "run 0\n"),
        (RUNS_AGAIN, 1, False, "run 1\n"),
        (RUNS_AGAIN, 1, True, "run 0\n"),
        (WAITS_AGAIN, 1, False, "run 1\n"),
        (WAITS_AGAIN, 1, True, "run 1\n"),
        (RUNS, 7, False, ""),
    ],
    ids=["runs", "ended", "again", "before", "between", "before that", "never wrote"],
)
def test_which_run_is_read(logs: Logs, told: dict[str, Any], restarts: int, previous: bool, text: str) -> None:
    for run in (0, 1):
        write(logs, f"run {run}\n".encode(), run=run)
    assert read(logs, told, restarts, previous=previous) == text


@pytest.mark.parametrize(
    ("told", "options", "message"),
    [
        (waits("ContainerCreating"), {}, 'container "one" in pod "pod" is waiting to start: ContainerCreating'),
        (waits("ErrImagePull"), {}, 'container "one" in pod "pod" is waiting to start: image can\'t be pulled'),
        (
            waits("ImagePullBackOff"),
            {},
            'container "one" in pod "pod" is waiting to start: trying and failing to pull image',
        ),
        (RUNS, {"previous": True}, 'previous terminated container "one" in pod "pod" not found'),
    ],
    ids=["creating", "no image", "back-off", "no run before"],
)
def test_what_has_no_log_is_a_bad_request(
    logs: Logs, told: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ApiError) as refused:
        read(logs, told, **options)
    assert (refused.value.status, refused.value.message) == (400, message)


def test_before_there_is_a_status_there_is_no_log_and_on_no_node_an_empty_one(logs: Logs) -> None:
    with pytest.raises(ApiError, match="is not available"):
        logs.read(pod(), "two", previous=False, tail_lines=None, limit_bytes=None)
    unscheduled = pod() | {"spec": {}}
    assert logs.read(unscheduled, "one", previous=False, tail_lines=None, limit_bytes=None) == b""


def test_who_follows_gets_what_comes_until_the_end(logs: Logs) -> None:
    log = logs.open(pod(), "one", 0)
    log.write("stdout", b"one\ntwo\n")
    pieces = logs.follow(pod(), "one", tail_lines=1)
    assert next(pieces) == b"two\n"
    log.write("stderr", b"three\n")
    assert next(pieces) == b"three\n"
    assert next(pieces) == b""
    log.write("stdout", b"four\n")
    log.close()
    logs.closed(pod(), "one", 0)
    assert list(pieces) == [b"four\n"]


def test_only_the_last_two_runs_are_kept_and_none_with_the_pod(logs: Logs, tmp_path: Path) -> None:
    for run in range(4):
        write(logs, b"x\n", run=run)
    assert sorted(path.name for path in tmp_path.rglob("*.log")) == ["2.log", "3.log"]
    logs.keep_only({"u"})
    assert len(list(tmp_path.rglob("*.log"))) == 2
    logs.keep_only({"v"})
    assert list(tmp_path.iterdir()) == []
    write(logs, b"x\n")
    logs.remove(pod())
    assert list(tmp_path.iterdir()) == []
