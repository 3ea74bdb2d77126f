"""Tests that start from a database archive: restored once a test, whole or not at all, whatever happens to the pod."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from e2e.conftest import Serve
from e2e.kit import archives
from e2e.kit.api import STRATEGIC, Json
from e2e.kit.endings import ending_by_deletion, until_ended
from e2e.kit.manifests import INIT, Tester
from e2e.kit.rig import Rig
from e2e.kit.underway import COMPLETED, STARTING, UNCHANGED, reasons, tracebacks
from tests.support.archive_server import ArchiveServer

pytestmark = pytest.mark.scripted

HEIGHT = 5_000
GOES_ON: Json = {"keepsProgress": True, "blocksPerSecond": 1}
"""To the scripted node: from the height in its database."""
TRY_AGAIN, CONFIGURATION, TERMINATED = 75, 78, 143
STAGING = "staging"


def test_main_loop(rig: Rig, serve: Serve) -> None:
    archive, newer_archive = archives.of_scripted_node(HEIGHT), archives.of_scripted_node(2 * HEIGHT)
    server = serve(archive)
    rig.node_image.push(GOES_ON)
    rig.deploy(from_archive(rig, server))

    # Restored once, before the node has started: it goes on at the archive's height.
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert result["initialDbArchive"] == server.url
    [completed] = rig.until_logged(COMPLETED)
    assert completed["heights"]["C"] >= HEIGHT
    assert archive.is_in(database(rig))
    details = rig.details()
    assert details["initialDbArchive"]["source"] == server.url
    assert details["initialDbArchive"]["etag"] == server.etag
    assert details["initialDbArchive"]["sha256"] == archive.sha256
    assert marker(rig) == {}

    # Published anew: no reason for a new test. A drained pod resumes, and asks nobody.
    archives.publish(server, newer_archive)
    asked = len(server.requests)
    uid = rig.until_replaced(rig.delete_pod())
    rig.until_logged(UNCHANGED, uid=uid)
    assert reasons(rig, uid) == ["SameTest"]
    assert rig.details() == details
    assert archive.is_in(database(rig))
    assert len(server.requests) == asked
    assert rig.results() == [result]

    # Another image: another test, from the archive as it is now.
    rig.node_image.push(GOES_ON)
    newer, older = rig.until_results(2)
    assert older == result
    assert newer["verdict"] == "passed"
    assert newer["image"] == rig.pod_image() == rig.node_image.pinned
    assert rig.until_logged(COMPLETED, count=2)[-1]["heights"]["C"] >= 2 * HEIGHT
    assert newer_archive.is_in(database(rig))
    assert rig.details()["initialDbArchive"]["sha256"] == newer_archive.sha256
    assert not tracebacks(rig)


@pytest.mark.wide
def test_wrong_hash(rig: Rig, serve: Serve) -> None:
    """It is downloaded twice, and never again; then the right hash takes over."""
    archive = archives.of_scripted_node(HEIGHT)
    server = serve(archive)
    rig.node_image.push(GOES_ON)
    rig.deploy(from_archive(rig, server, f"--initial-db-sha256={'0' * 64}"))
    [ended] = until_ended(rig, INIT, CONFIGURATION)
    assert ended["message"].startswith("ArchiveHashMismatch: ")
    assert archive.sha256 in ended["message"]
    assert downloads(server) == 2
    asked = len(server.requests)
    refused = until_ended(rig, INIT, CONFIGURATION, count=3)[1:]
    assert {one["message"].partition(":")[0] for one in refused} == {"RestoreRefused"}
    assert len(server.requests) == asked
    assert not database(rig).exists()
    assert not rig.details()

    rig.deploy(from_archive(rig, server, f"--initial-db-sha256={archive.sha256}"))
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert archive.is_in(database(rig))
    assert downloads(server) == 3
    assert not tracebacks(rig)


@pytest.mark.parametrize("staged", [False, pytest.param(True, marks=pytest.mark.wide)], ids=["streamed", "staged"])
def test_pod_deleted_in_mid_restore(rig: Rig, serve: Serve, staged: bool) -> None:
    """What is there is never taken for all of it; a download is gone on with."""
    archive = archives.of_scripted_node(HEIGHT)
    server = serve(archive)
    server.hold(archives.HELD_FROM)
    rig.node_image.push(GOES_ON)
    options = (f"--initial-db-staging-dir=/data/{STAGING}",) if staged else ()
    rig.deploy(from_archive(rig, server, *options))
    rig.until(lambda: part(rig, staged).stat().st_size >= archives.FILE_BYTES, "a part of it")
    assert marker(rig)["state"] == "restoring"
    asked = len(server.requests)
    first = rig.delete_pod()
    assert ending_by_deletion(rig, first, INIT).exit_code == TERMINATED

    uid = rig.until_replaced(first)
    rig.until(lambda: reasons(rig, uid), "the next decision")
    assert reasons(rig) == ["ImageNotPinned", "NoTestDetails", "RestoreNotDone"]
    assert not rig.details()
    server.release()
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert archive.is_in(database(rig))
    assert starts(rig) == 1
    assert len(rig.logged(STARTING)) == 1
    assert marker(rig) == {}
    goes_on_at = min(starts_asked(server, asked))
    assert goes_on_at >= archives.FILE_BYTES if staged else goes_on_at == 0
    assert not (staged and part(rig, staged).exists())
    assert not tracebacks(rig)


@pytest.mark.wide
def test_server_away_at_first(rig: Rig, serve: Serve) -> None:
    archive = archives.of_scripted_node(HEIGHT)
    host = rig.cluster.own_address()
    with socket.create_server((host, 0)) as free:
        port: int = free.getsockname()[1]
    rig.node_image.push(GOES_ON)
    url = f"http://{host}:{port}/archives/db.tar"
    options = (f"--initial-db-archive={url}", "--initial-db-retry-budget=2s")
    rig.deploy(rig.tester(init_args=options))
    for ended in until_ended(rig, INIT, TRY_AGAIN, count=2):
        assert ended["message"].startswith("SourceUnreachable: ")
    assert not rig.details()

    assert serve(archive, port).url == url
    [result] = rig.until_results(1)
    assert result["verdict"] == "passed"
    assert archive.is_in(database(rig))
    assert len(rig.history.uids(rig.pod_name)) == 2
    assert not tracebacks(rig)


@pytest.mark.wide
def test_another_address(rig: Rig, serve: Serve) -> None:
    """A new signature is the same archive, another path another one."""
    archive = archives.of_scripted_node(HEIGHT)
    server = serve(archive)
    rig.node_image.push(GOES_ON)
    rig.deploy(from_archive(rig, server))
    [first] = rig.until_results(1)
    details, asked, uid = rig.details(), len(server.requests), rig.pod_uid

    name_archive(rig, f"{server.url}?signature=another")
    uid = rig.until_replaced(uid)
    rig.until_logged(UNCHANGED, uid=uid)
    assert reasons(rig, uid) == ["SameTest"]
    assert rig.details() == details
    assert len(server.requests) == asked

    name_archive(rig, f"{server.url}.newer")
    second, older = rig.until_results(2)
    assert older == first
    assert second["verdict"] == "passed"
    assert second["image"] == first["image"]
    assert reasons(rig)[-1] == "InitialDbArchiveChanged"
    assert rig.details()["initialDbArchive"]["source"] == f"{server.url}.newer"
    assert archive.is_in(database(rig))
    assert not tracebacks(rig)


def from_archive(rig: Rig, server: ArchiveServer, *options: str) -> Tester:
    return rig.tester(init_args=(f"--initial-db-archive={server.url}", *options))


def name_archive(rig: Rig, address: str) -> None:
    """In the template; nothing else is edited."""
    [init] = rig.stateful_set()["spec"]["template"]["spec"]["initContainers"]
    args = [
        f"--initial-db-archive={address}" if arg.startswith("--initial-db-archive=") else arg for arg in init["args"]
    ]
    rig.patch({"spec": {"template": {"spec": {"initContainers": [{"name": INIT, "args": args}]}}}}, STRATEGIC)


def database(rig: Rig) -> Path:
    return rig.node_data() / "db"


def part(rig: Rig, staged: bool) -> Path:
    """The file that is there first."""
    if staged:
        return rig.volume() / STAGING / "bootstrap-restore.part"
    return database(rig) / "000000.ldb"


def marker(rig: Rig) -> Json:
    """Of the restore; empty when there is none."""
    try:
        content: Json = json.loads((rig.volume() / ".bootstrap_restore.json").read_bytes())
    except FileNotFoundError:
        return {}
    return content


def downloads(server: ArchiveServer) -> int:
    """How often the archive was sent; the odd bytes are of requests that only ask which one it is."""
    return server.sent // len(server.content)


def starts_asked(server: ArchiveServer, after: int) -> list[int]:
    """Where the ranges of the archive begin that were asked for, after so many requests."""
    ranges = [request.headers.get("range", "") for request in server.requests[after:]]
    return [int(each.removeprefix("bytes=").partition("-")[0]) for each in ranges if each not in {"", "bytes=0-0"}]


def starts(rig: Rig) -> int:
    """Of the node, on this database."""
    return len((database(rig) / "started").read_text().splitlines())
