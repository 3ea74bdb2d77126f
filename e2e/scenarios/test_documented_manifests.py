"""The kustomizations in docs/ and the optional components do what is said of them: kubectl builds them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.cluster import Cluster
from e2e.kit.manifests import NODE, SIDECAR

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
