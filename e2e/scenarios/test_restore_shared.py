"""One archive for several tests: a Job, as it is shipped, restores into a claim, and each test copies from there."""

from __future__ import annotations

import pytest

from e2e.conftest import MakeRig, Serve
from e2e.kit import archives, shipped
from e2e.kit.api import Json
from e2e.kit.endings import until_ended
from e2e.kit.installation import Installation, shared_archive
from e2e.kit.manifests import INIT
from e2e.kit.rig import Rig
from e2e.kit.underway import COMPLETED, tracebacks

pytestmark = pytest.mark.scripted

HEIGHT = 5_000
GOES_ON: Json = {"keepsProgress": True, "blocksPerSecond": 1}
NOT_READY = 75
CLAIM = "initial-db-mainnet"


@pytest.mark.parametrize(
    "by_job",
    [pytest.param(True, marks=pytest.mark.not_on("local", reason="it has no Jobs")), False],
    ids=["job", "pod-of-the-job"],
)
def test_two_tests_from_one_claim(make_rig: MakeRig, serve: Serve, by_job: bool) -> None:
    archive = archives.of_scripted_node(HEIGHT)
    server = serve(archive)
    server.hold(archives.HELD_FROM)
    rig = make_rig()
    other = make_rig(beside=rig)
    for body in shared_archive(rig, server.url):
        rig.api.apply(body if by_job or body["kind"] != "Job" else only_pod_of(body))
    overlays = {rig: "mainnet-full-sync-from-archive", other: "fuji-full-sync"}
    for one, overlay in overlays.items():
        components = () if one is rig else ("initial-db-shared",)
        one.node_image.push(GOES_ON)
        one.deploy(Installation(rig=one, overlay=overlay, components=components, initial_db_claim=CLAIM))

    # A part is there, and nobody takes it.
    for one in overlays:
        [ended, *_] = until_ended(one, INIT, NOT_READY)
        assert ended["message"].startswith("SourceNotReady: ")
        assert "restoring" in ended["message"]
    server.release()
    rig.until(lambda: is_done(rig, by_job), "the database in the claim")
    asked = len(server.requests)

    for one in overlays:
        [result] = one.until_results(1)
        assert result["verdict"] == "passed"
        [completed] = one.until_logged(COMPLETED)
        assert completed["heights"]["P"] >= HEIGHT
        assert archive.is_in(one.node_data() / "db")
        assert one.details()["initialDbArchive"]["sha256"] == archive.sha256
        assert not tracebacks(one)
    # Downloaded once; and no test has written to what they share.
    assert len(server.requests) == asked
    assert server.sent // len(archive.content) == 1
    shared = rig.claim(CLAIM)
    assert archive.is_in(shared / "db")
    assert {file.name for file in (shared / "db").iterdir()} == {*archive.files, "age"}


def only_pod_of(job: Json) -> Json:
    """What the Job would run."""
    template = job["spec"]["template"]
    metadata = {**template["metadata"], **{key: job["metadata"][key] for key in ("name", "namespace")}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def is_done(rig: Rig, by_job: bool) -> bool:
    [name] = shipped.ARCHIVES
    if by_job:
        return bool(rig.api.get("Job", name)["status"].get("succeeded") == 1)
    return bool(rig.api.get("Pod", name)["status"]["phase"] == "Succeeded")
