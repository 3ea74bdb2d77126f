"""Claims get a volume of their own, which goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.api.verbs import Api
from e2e.clusters.local.controllers.claims import Claims
from tests.local.controllers.rig import NAMESPACE, NoLogs, claim_spec


@pytest.fixture
def api() -> Api:
    return Api(logs=NoLogs())


def claim(api: Api, name: str = "data") -> Json:
    body = {"kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": claim_spec()}
    return api.create(body)


def volume_of(api: Api, name: str = "data") -> Json:
    bound = api.get("PersistentVolumeClaim", name, NAMESPACE)
    return api.get("PersistentVolume", bound["spec"]["volumeName"])


def test_a_claim_is_bound_to_a_volume_with_a_folder(api: Api, tmp_path: Path) -> None:
    made = claim(api)
    Claims(tmp_path).reconcile(api)
    volume = volume_of(api)
    assert volume["spec"]["claimRef"]["uid"] == made["metadata"]["uid"]
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}
    assert volume["spec"]["hostPath"]["path"] == str(tmp_path / volume["metadata"]["name"])
    assert volume["status"]["phase"] == "Bound"
    status = api.get("PersistentVolumeClaim", "data", NAMESPACE)["status"]
    assert status == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}
    assert (tmp_path / volume["metadata"]["name"]).is_dir()


def test_a_second_turn_changes_nothing(api: Api, tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claim(api)
    claim(api, "more")
    claims.reconcile(api)
    assert volume_of(api)["metadata"]["name"] != volume_of(api, "more")["metadata"]["name"]
    version = api.version()
    claims.reconcile(api)
    assert api.version() == version


def test_a_turn_that_was_cut_off_is_finished(api: Api, tmp_path: Path) -> None:
    made = claim(api)
    Claims(tmp_path).reconcile(api)
    name = volume_of(api)["metadata"]["name"]
    api.set_status("PersistentVolumeClaim", "data", NAMESPACE, made["metadata"]["uid"], {"phase": "Pending"})
    Claims(tmp_path).reconcile(api)
    assert api.get("PersistentVolumeClaim", "data", NAMESPACE)["status"]["phase"] == "Bound"
    assert [one["metadata"]["name"] for one in api.list("PersistentVolume")["items"]] == [name]


def test_a_volume_goes_with_its_claim_once_no_pod_has_it(api: Api, tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claim(api)
    claims.reconcile(api)
    folder = Path(volume_of(api)["spec"]["hostPath"]["path"])
    closed = folder / "closed"
    closed.mkdir()
    (closed / "file").write_text("data", encoding="utf-8")
    closed.chmod(0)
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    spec = {"containers": [{"name": "main", "image": "registry/one:1"}], "volumes": volumes}
    api.create({"kind": "Pod", "metadata": {"name": "user"}, "spec": spec}, NAMESPACE)
    api.delete("PersistentVolumeClaim", "data", NAMESPACE)
    claims.reconcile(api)
    assert folder.is_dir()
    api.delete("Pod", "user", NAMESPACE)
    claims.reconcile(api)
    assert not folder.exists()
    assert api.list("PersistentVolume")["items"] == []


def test_a_claim_of_the_same_name_gets_another_volume(api: Api, tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claim(api)
    claims.reconcile(api)
    first = Path(volume_of(api)["spec"]["hostPath"]["path"])
    (first / "file").write_text("data", encoding="utf-8")
    api.delete("PersistentVolumeClaim", "data", NAMESPACE)
    claim(api)
    claims.reconcile(api)
    second = Path(volume_of(api)["spec"]["hostPath"]["path"])
    assert (first.exists(), list(second.iterdir())) == (False, [])


def test_a_volume_that_somebody_else_made_is_not_touched(api: Api, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": str(mine)}}
    gone = {"kind": "PersistentVolumeClaim", "namespace": NAMESPACE, "name": "gone", "uid": "gone"}
    api.create({"kind": "PersistentVolume", "metadata": {"name": "free"}, "spec": spec})
    api.create({"kind": "PersistentVolume", "metadata": {"name": "retained"}, "spec": {**spec, "claimRef": gone}})
    Claims(tmp_path / "volumes").reconcile(api)
    assert mine.is_dir()
    assert [one["metadata"]["name"] for one in api.list("PersistentVolume")["items"]] == ["free", "retained"]
