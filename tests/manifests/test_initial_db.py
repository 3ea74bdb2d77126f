"""A database for tests to start from: who writes it, who reads it, and with which rights."""

from __future__ import annotations

from typing import Any

import pytest

from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.source_name import SourceKind
from bootstrap_monitor.errors import ExitCode
from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.manifests import INIT, NODE, SIDECAR

DIRECT, SHARED = "fuji-full-sync-from-archive", "mainnet-full-sync-from-archive"
ARCHIVE = "initial-db-mainnet"
OPTION = "BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE"
VOLUME = "initial-db"
every_archive = pytest.mark.parametrize("archive", shipped.ARCHIVES)


def pod(overlay: str) -> Json:
    made: Json = shipped.only("StatefulSet", shipped.objects(overlay))["spec"]["template"]["spec"]
    return made


def job(archive: str) -> Json:
    made: Json = shipped.only("Job", shipped.objects(archive))["spec"]
    return made


def only(among: list[Json], **wanted: Any) -> Json:
    [found] = [one for one in among if wanted.items() <= one.items()]
    return found


def restoring(archive: str) -> Json:
    [container] = job(archive)["template"]["spec"]["containers"]
    return dict(container)


def source(overlay: str) -> str:
    return str(only(shipped.container(pod(overlay), INIT)["env"], name=OPTION)["value"])


def address(archive: str) -> str:
    return str(only(restoring(archive)["env"], name="BOOTSTRAP_MONITOR_SOURCE")["value"])


def test_what_the_job_writes_is_what_pods_read() -> None:
    writes, reads = job(ARCHIVE)["template"]["spec"], pod(SHARED)
    claim = shipped.only("PersistentVolumeClaim", shipped.objects(ARCHIVE))["metadata"]["name"]
    assert only(writes["volumes"], name=VOLUME)["persistentVolumeClaim"] == {"claimName": claim}
    assert only(reads["volumes"], name=VOLUME)["persistentVolumeClaim"] == {"claimName": claim, "readOnly": True}
    mount = only(restoring(ARCHIVE)["volumeMounts"], name=VOLUME)
    assert f"--data-dir={mount['mountPath']}" in restoring(ARCHIVE)["args"]
    assert only(shipped.container(reads, INIT)["volumeMounts"], name=VOLUME) == {
        "name": VOLUME,
        "mountPath": source(SHARED),
        "readOnly": True,
    }
    assert source_name.parse(source(SHARED)).kind is SourceKind.FILE
    users = [[one["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")] for one in (writes, reads)]
    assert users[0] == users[1]


@pytest.mark.parametrize("name", [NODE, SIDECAR])
def test_other_containers_have_no_business_with_it(name: str) -> None:
    assert not any(one["name"] == VOLUME for one in shipped.container(pod(SHARED), name)["volumeMounts"])
    assert "envFrom" not in shipped.container(pod(DIRECT), name)


@every_archive
def test_the_claim_can_be_written_first_and_read_then(archive: str) -> None:
    claim = shipped.only("PersistentVolumeClaim", shipped.objects(archive))
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert "readOnly" not in only(restoring(archive)["volumeMounts"], name=VOLUME)


@every_archive
def test_there_is_one_writer(archive: str) -> None:
    spec = job(archive)
    assert {"parallelism", "completions"}.isdisjoint(spec)
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@every_archive
def test_it_is_tried_again_where_that_may_help(archive: str) -> None:
    rules = {one["action"]: one for one in job(archive)["podFailurePolicy"]["rules"]}
    codes = rules["FailJob"]["onExitCodes"]
    assert codes["containerName"] == restoring(archive)["name"]
    assert (codes["operator"], codes["values"]) == ("In", [ExitCode.USAGE, ExitCode.CONFIGURATION])
    assert [one["type"] for one in rules["Ignore"]["onPodConditions"]] == ["DisruptionTarget"]
    assert 0 < job(archive)["backoffLimit"] < 10
    assert job(archive)["ttlSecondsAfterFinished"] > 24 * 3600


@every_archive
def test_the_job_has_no_rights(archive: str) -> None:
    objects, spec = shipped.objects(archive), job(archive)["template"]["spec"]
    assert {one["kind"] for one in objects} == {"ServiceAccount", "PersistentVolumeClaim", "Job"}
    account = shipped.only("ServiceAccount", objects)
    assert spec["serviceAccountName"] == account["metadata"]["name"]
    assert account["automountServiceAccountToken"] is spec["automountServiceAccountToken"] is False
    node = shipped.container(pod(SHARED), NODE)
    assert restoring(archive)["securityContext"] == node["securityContext"]
    assert spec["securityContext"] == pod(SHARED)["securityContext"]


@every_archive
def test_it_is_found_by_labels_and_never_taken_for_a_test(archive: str) -> None:
    labels = {
        "app.kubernetes.io/name": "bootstrap-monitor",
        "app.kubernetes.io/component": "initial-db",
        "app.kubernetes.io/instance": archive,
    }
    objects = shipped.objects(archive)
    assert all(one["metadata"] | {"name": archive, "labels": labels} == one["metadata"] for one in objects)
    pods = job(archive)["template"]["metadata"]["labels"]
    assert pods == labels
    for overlay in shipped.OVERLAYS:
        service = shipped.only("Service", shipped.objects(overlay))
        assert not service["spec"]["selector"].items() <= pods.items()


def test_addresses_are_such_that_the_program_reads() -> None:
    addresses = [source(DIRECT), *map(address, shipped.ARCHIVES)]
    assert {source_name.parse(one).kind for one in addresses} == {SourceKind.HTTP}


@every_archive
def test_it_is_the_image_of_the_tests(archive: str) -> None:
    assert restoring(archive)["image"] == shipped.container(pod(SHARED), INIT)["image"]


@pytest.mark.parametrize(
    "container",
    [restoring(ARCHIVE), shipped.container(pod(DIRECT), INIT)],
    ids=["shared", "direct"],
)
def test_a_download_has_memory_for_large_windows(container: Json) -> None:
    """128 MiB of a zstd window, 128 MiB for four connections, and the program."""
    assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"] == "512Mi"
    assert container["envFrom"] == [{"secretRef": {"name": "initial-db-source", "optional": True}}]
