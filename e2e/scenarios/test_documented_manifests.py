"""The kustomizations in docs/ and the optional components do what is said of them: kubectl builds them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.cluster import Cluster
from e2e.kit.manifests import INIT, NODE, SIDECAR

DOCS = shipped.MANIFESTS.parent / "docs"
OVERLAY = "fuji-c-chain-state-sync"


def example(page: str, name: str) -> str:
    """The YAML below the page's marker of that name."""
    [found] = re.findall(rf"<!-- example: {name} -->\n```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return str(found)


def container(objects: list[Json], name: str) -> Json:
    return shipped.container(shipped.only("StatefulSet", objects)["spec"]["template"]["spec"], name)


def test_a_first_test(cluster: Cluster, tmp_path: Path) -> None:
    shutil.copy(shipped.MANIFESTS / "rendered" / f"{OVERLAY}.yaml", tmp_path)
    (tmp_path / "kustomization.yaml").write_text(example("install.md", "kustomization"))
    built, plain = shipped.build(cluster.kubectl, tmp_path), shipped.objects(OVERLAY)
    assert container(built, NODE)["image"] == f"{shipped.NODE_IMAGE}:latest"
    assert container(built, NODE)["resources"] == {
        "requests": {"cpu": "8", "memory": "16Gi"},
        "limits": {"memory": "16Gi"},
    }
    variables = [*container(plain, SIDECAR)["env"], {"name": "BOOTSTRAP_MONITOR_STALL_TIMEOUT", "value": "12h"}]
    assert sorted(container(built, SIDECAR)["env"], key=str) == sorted(variables, key=str)
    assert container(built, SIDECAR)["args"] == container(plain, SIDECAR)["args"]
    spec = shipped.only("StatefulSet", built)["spec"]
    assert spec["template"]["spec"]["nodeSelector"] == {"disktype": "nvme"}
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "600Gi"}


def test_a_name_of_ones_own(cluster: Cluster, tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    shutil.copytree(shipped.MANIFESTS, manifests)
    component = manifests / "overlays/nightly/nightly"
    component.mkdir(parents=True)
    kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    (component / "kustomization.yaml").write_text(f"{kind}nameSuffix: -nightly\n")
    (component.parent / "kustomization.yaml").write_text(example("install.md", "own names"))
    objects = shipped.build(cluster.kubectl, component.parent)
    name = f"bootstrap-{OVERLAY}-nightly"
    assert {one["metadata"]["name"] for one in objects} == {name}
    granted = [rule["resourceNames"] for rule in shipped.only("Role", objects)["rules"] if "resourceNames" in rule]
    own = [f"{name}-0", f"{name}-0-image-probe"]
    assert granted == [own, own, [name]]
    assert shipped.only("StatefulSet", objects)["spec"]["selector"] == {
        "matchLabels": {"app.kubernetes.io/name": "bootstrap-monitor", "app.kubernetes.io/instance": name}
    }
    assert container(objects, NODE)["image"] == f"{shipped.NODE_IMAGE}:nightly"


def test_the_image_left_to_the_program(cluster: Cluster, tmp_path: Path) -> None:
    shutil.copy(shipped.MANIFESTS / "rendered" / f"{OVERLAY}.yaml", tmp_path)
    patches = example("gitops.md", "without image")
    (tmp_path / "kustomization.yaml").write_text(f"resources: [{OVERLAY}.yaml]\n{patches}")
    built, plain = shipped.build(cluster.kubectl, tmp_path), shipped.objects(OVERLAY)
    assert container(built, NODE) == {key: value for key, value in container(plain, NODE).items() if key != "image"}
    assert container(built, SIDECAR) == container(plain, SIDECAR)


def test_components_change_what_they_name(cluster: Cluster) -> None:
    def stateful_set(*components: str) -> Json:
        return shipped.only("StatefulSet", shipped.kustomized(cluster.kubectl, OVERLAY, {}, components))

    plain, optional = stateful_set(), stateful_set("registry-secret", "storage-class")
    assert optional["spec"]["template"]["spec"].pop("imagePullSecrets") == [{"name": "registry"}]
    [claim] = optional["spec"]["volumeClaimTemplates"]
    assert claim["spec"].pop("storageClassName") == "local-nvme"
    assert optional == plain


def from_archive(cluster: Cluster, folder: Path, kustomization: str) -> Json:
    """The pod's spec; ``kustomization`` without resources is put onto a test that starts from an archive by itself."""
    for component in ("initial-db-direct", "initial-db-shared"):
        shutil.copytree(shipped.MANIFESTS / "components" / component, folder / component)
    for overlay in ("fuji-full-sync", "mainnet-full-sync"):
        shutil.copy(shipped.MANIFESTS / "rendered" / f"{overlay}.yaml", folder)
    plain = "resources: [fuji-full-sync.yaml]\ncomponents: [initial-db-direct]\n"
    (folder / "kustomization.yaml").write_text(kustomization if "resources" in kustomization else plain + kustomization)
    spec: Json = shipped.only("StatefulSet", shipped.build(cluster.kubectl, folder))["spec"]["template"]["spec"]
    return spec


def variables(pod: Json, name: str) -> dict[str, Json]:
    """Without their names."""
    env = shipped.container(pod, name)["env"]
    return {one["name"]: {key: value for key, value in one.items() if key != "name"} for one in env}


def volume(pod: Json, name: str) -> Json:
    [found] = [one for one in pod["volumes"] if one["name"] == name]
    return {key: value for key, value in found.items() if key != "name"}


def archive_of(cluster: Cluster, folder: Path) -> list[Json]:
    """The page's claim and Job."""
    shutil.copytree(shipped.MANIFESTS / "initial-db", folder / "initial-db")
    (folder / "kustomization.yaml").write_text(example("restore.md", "claim"))
    return shipped.build(cluster.kubectl, folder)


def test_an_archive_for_each_test(cluster: Cluster, tmp_path: Path) -> None:
    pod = from_archive(cluster, tmp_path, example("restore.md", "direct"))
    given = variables(pod, INIT)
    assert given["BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE"] == {"value": "s3://archives/fuji/2026-11-21.tar.zst"}
    assert len(given["BOOTSTRAP_MONITOR_INITIAL_DB_SHA256"]["value"]) == 64
    plain = shipped.objects("fuji-full-sync")
    assert all(shipped.container(pod, name) == container(plain, name) for name in (NODE, SIDECAR))


def test_a_signed_address_comes_from_a_secret_alone(cluster: Cluster, tmp_path: Path) -> None:
    pod = from_archive(cluster, tmp_path, example("restore.md", "signed address"))
    secret = {"secretKeyRef": {"name": "initial-db-source", "key": "address"}}
    assert variables(pod, INIT)["BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE"] == {"valueFrom": secret}


def test_an_authority_of_ones_own(cluster: Cluster, tmp_path: Path) -> None:
    pod = from_archive(cluster, tmp_path, example("restore.md", "private authority"))
    [mount] = [one for one in shipped.container(pod, INIT)["volumeMounts"] if one["name"] == "archive-ca"]
    assert variables(pod, INIT)["SSL_CERT_FILE"]["value"].startswith(f"{mount['mountPath']}/")
    assert volume(pod, "archive-ca") == {"configMap": {"name": "archive-ca"}}


def test_a_claim_for_several_tests(cluster: Cluster, tmp_path: Path) -> None:
    written, read = tmp_path / "archive", tmp_path / "test"
    written.mkdir()
    read.mkdir()
    objects = archive_of(cluster, written)
    [name] = {one["metadata"]["name"] for one in objects}
    assert {one["metadata"]["labels"]["app.kubernetes.io/instance"] for one in objects} == {name}
    job = shipped.only("Job", objects)["spec"]["template"]["spec"]
    assert volume(job, "initial-db") == {"persistentVolumeClaim": {"claimName": name}}
    claim = shipped.only("PersistentVolumeClaim", objects)["spec"]
    assert (claim["storageClassName"], claim["resources"]["requests"]["storage"]) == ("shared-files", "800Gi")
    pod = from_archive(cluster, read, example("restore.md", "shared"))
    assert volume(pod, "initial-db") == {"persistentVolumeClaim": {"claimName": name, "readOnly": True}}


def test_a_volume_of_a_snapshot_for_each_pod(cluster: Cluster, tmp_path: Path) -> None:
    head = "resources: [mainnet-full-sync.yaml]\ncomponents: [initial-db-shared]\n"
    pod = from_archive(cluster, tmp_path, head + example("restore.md", "snapshot"))
    [source] = volume(pod, "initial-db").items()
    assert source[0] == "ephemeral"
    assert source[1]["volumeClaimTemplate"]["spec"]["accessModes"] == ["ReadWriteOnce"]
