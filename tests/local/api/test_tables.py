"""The columns of `kubectl get`."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.tables import duration, pod_status
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import PODS, pod, stateful_set

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}

WAITING: Json = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
RUNNING: Json = {"state": {"running": {}}}
DONE: Json = {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
FAILED: Json = {"state": {"terminated": {"exitCode": 3, "reason": "Error"}}}
INITIALIZING: Json = {"state": {"waiting": {"reason": "PodInitializing"}}}


@pytest.mark.parametrize(
    ("first", "main", "phase", "shown"),
    [
        ([], [], "Pending", "Pending"),
        ([], [RUNNING], "Running", "Running"),
        ([], [RUNNING, WAITING], "Running", "ImagePullBackOff"),
        ([], [DONE], "Succeeded", "Completed"),
        ([], [FAILED], "Failed", "Error"),
        ([], [DONE, RUNNING], "Running", "Running"),
        ([DONE, RUNNING], [INITIALIZING], "Pending", "Init:1/2"),
        ([INITIALIZING], [INITIALIZING], "Pending", "Init:0/1"),
        ([FAILED], [INITIALIZING], "Pending", "Init:Error"),
        ([WAITING], [INITIALIZING], "Pending", "Init:ImagePullBackOff"),
        ([DONE], [INITIALIZING], "Pending", "PodInitializing"),
    ],
)
def test_status(first: list[Json], main: list[Json], phase: str, shown: str) -> None:
    body = pod()
    body["status"] = {"phase": phase, "initContainerStatuses": first, "containerStatuses": main}
    assert pod_status(body) == shown
    body["metadata"]["deletionTimestamp"] = "2026-11-21T12:00:00Z"
    assert pod_status(body) == "Terminating"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (3600, "60m"),
        (4 * 3600 + 60, "4h1m"),
        (93_600, "26h"),
        (900_000, "10d"),
    ],
)
def test_durations(seconds: int, shown: str) -> None:
    assert duration(timedelta(seconds=seconds)) == shown


def test_rows_over_http(api: Api, http: httpx.Client) -> None:
    uid = api.create(pod(nodeName="local"))["metadata"]["uid"]
    last = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-21T11:59:00Z"}}
    status = {
        "phase": "Running",
        "containerStatuses": [{"ready": True, "restartCount": 2, "lastState": last, **RUNNING}],
    }
    api.set_status("Pod", "a", "default", uid, {**status, "podIP": "127.1.2.3"})
    answer = http.get(PODS, headers=TABLE).json()
    assert answer["kind"] == "Table"
    row = ["a", "1/1", "Running", "2 (60s ago)", "0s", "127.1.2.3", "local", "<none>", "<none>"]
    assert [one["cells"] for one in answer["rows"]] == [row]
    assert http.get(f"{PODS}/a", headers=TABLE).json()["rows"][0]["object"]["metadata"]["name"] == "a"
    assert http.get(f"{PODS}?watch=1&timeoutSeconds=1", headers=TABLE).json()["object"]["kind"] == "Table"


def test_each_kind_has_rows_as_long_as_its_columns(api: Api, http: httpx.Client) -> None:
    api.create(stateful_set())
    mode = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    api.create({"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": mode})
    api.create({"kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": mode})
    api.create(
        {"kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": "default"}, "message": "m\n"}
    )
    api.create({"kind": "Secret", "metadata": {"name": "x"}})
    cells = {}
    for plural in ("statefulsets", "persistentvolumeclaims", "persistentvolumes", "events", "secrets", "namespaces"):
        answer = http.get(
            f"{'/apis/apps/v1' if plural == 'statefulsets' else '/api/v1'}/{plural}", headers=TABLE
        ).json()
        [row] = answer["rows"]
        assert len(row["cells"]) == len(answer["columnDefinitions"])
        cells[plural] = row["cells"]
    assert cells["statefulsets"] == ["s", "0/1", "0s", "a,b,c", ",".join(["registry/one:tag"] * 3)]
    assert cells["events"] == ["0s", "", "", "/", "m", "e"]
