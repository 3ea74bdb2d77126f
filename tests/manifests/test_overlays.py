"""The shipped overlays are what their names say, and safe to run beside each other."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest

from bootstrap_monitor.core import fingerprint, image, node_data, probe_pod, test_config
from e2e.kit import shipped
from e2e.kit.api import Json
from e2e.kit.manifests import DATA_DIR, INIT, NODE, NODE_DATA_DIR, SIDECAR, VOLUME

DIGEST = "sha256:" + "a" * 64
NODE_IMAGE = "avaplatform/avalanchego:latest"
CONTAINERS = {INIT, NODE, SIDECAR}
OURS = {INIT, SIDECAR}
TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
FROM_ARCHIVE = "-from-archive"
UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}
every_overlay = pytest.mark.parametrize("overlay", shipped.OVERLAYS)


def stateful_set(overlay: str) -> Json:
    return shipped.only("StatefulSet", shipped.objects(overlay))


def template(overlay: str) -> Json:
    made: Json = stateful_set(overlay)["spec"]["template"]
    return made


def containers(overlay: str) -> dict[str, Json]:
    return {name: shipped.container(template(overlay)["spec"], name) for name in CONTAINERS}


def mount(container: Json, path: str) -> Json | None:
    return next((one for one in container["volumeMounts"] if one["mountPath"] == path), None)


def archive_of(overlay: str) -> str:
    """What a test starts from; empty for nothing."""
    values = {one["name"]: one.get("value", "") for one in containers(overlay)[INIT]["env"]}
    return str(values.get("BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE", ""))


def quantity(text: str) -> int:
    """Bytes."""
    return int(text[:-2]) * UNITS[text[-2:]]


def volume_bytes(overlay: str) -> int:
    [claim] = stateful_set(overlay)["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == VOLUME
    return quantity(claim["spec"]["resources"]["requests"]["storage"])


def test_there_is_one_for_each_network_and_mode() -> None:
    from_nothing = {one for one in shipped.OVERLAYS if not one.endswith(FROM_ARCHIVE)}
    assert from_nothing == {f"{network}-{mode}" for network in ("mainnet", "fuji") for mode in test_config.SyncMode}
    rendered = {path.stem for path in (shipped.MANIFESTS / "rendered").iterdir()}
    assert rendered == {*shipped.OVERLAYS, *shipped.ARCHIVES}


@every_overlay
def test_it_tests_what_its_name_says(overlay: str) -> None:
    network, _, mode = overlay.removesuffix(FROM_ARCHIVE).partition("-")
    config = test_config.derive(template(overlay), NODE)
    assert (config.network, config.sync_mode) == (network, mode)
    assert config.warnings == ()
    assert (config.image, config.versions) == (NODE_IMAGE, None)


def test_they_are_different_tests() -> None:
    pinned = image.parse(NODE_IMAGE).with_digest(DIGEST)
    named = {
        fingerprint.of(test_config.derive(template(one), NODE), pinned, None, initial_db_archive=archive_of(one)).hash()
        for one in shipped.OVERLAYS
    }
    assert len(named) == len(shipped.OVERLAYS)


@every_overlay
def test_what_the_node_writes_is_found_and_cleared(overlay: str) -> None:
    found = node_data.derive(template(overlay), NODE, DATA_DIR, None)
    assert (found.places, found.mount_path, found.warnings) == ((NODE_DATA_DIR,), DATA_DIR, ())


def test_all_of_them_fit_into_one_namespace() -> None:
    names = (*shipped.OVERLAYS, *shipped.ARCHIVES)
    objects = [(one["kind"], one["metadata"]["name"]) for name in names for one in shipped.objects(name)]
    assert [one for one, times in Counter(objects).items() if times > 1] == []
    selectors = [
        tuple(sorted(stateful_set(one)["spec"]["selector"]["matchLabels"].items())) for one in shipped.OVERLAYS
    ]
    assert len(set(selectors)) == len(selectors)


@every_overlay
def test_labels_and_names_belong_together(overlay: str) -> None:
    objects = shipped.objects(overlay)
    made, service = stateful_set(overlay), shipped.only("Service", objects)
    name = made["metadata"]["name"]
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert name == f"bootstrap-{overlay}"
    assert made["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == labels
    assert labels["app.kubernetes.io/instance"] == made["spec"]["serviceName"] == service["metadata"]["name"] == name
    assert service["spec"]["clusterIP"] == "None"
    assert {one["targetPort"] for one in service["spec"]["ports"]} == {
        one["name"] for one in containers(overlay)[NODE]["ports"]
    }
    assert probe_pod.name(f"{name}-0") == f"{name}-0-image-probe"


@every_overlay
def test_the_template_is_as_before_the_first_pin(overlay: str) -> None:
    """A digest, or an annotation that a pin leaves, would be applied again and again."""
    assert "annotations" not in template(overlay)["metadata"]
    assert not any("@" in one["image"] for one in containers(overlay).values())
    assert stateful_set(overlay)["spec"]["replicas"] == 1


@every_overlay
def test_containers_are_where_documented_paths_lead(overlay: str) -> None:
    """GitOps tools are told of /spec/template/spec/containers/0/image; overlays append to the arguments of 1."""
    assert [one["name"] for one in template(overlay)["spec"]["containers"]] == [NODE, SIDECAR]


@every_overlay
def test_the_sidecar_cannot_write_to_the_volume(overlay: str) -> None:
    mounts = {name: mount(container, DATA_DIR) for name, container in containers(overlay).items()}
    assert mounts == {
        INIT: {"name": VOLUME, "mountPath": DATA_DIR},
        NODE: {"name": VOLUME, "mountPath": DATA_DIR},
        SIDECAR: {"name": VOLUME, "mountPath": DATA_DIR, "readOnly": True},
    }


@every_overlay
def test_the_token_is_ours_alone(overlay: str) -> None:
    pod = template(overlay)["spec"]
    assert pod["automountServiceAccountToken"] is False
    with_token = {name for name, container in containers(overlay).items() if mount(container, TOKEN_FOLDER)}
    assert with_token == OURS
    [volume] = [one for one in pod["volumes"] if one["name"] == "token"]
    sources = {key: source for one in volume["projected"]["sources"] for key, source in one.items()}
    files = {sources["serviceAccountToken"]["path"]}
    files |= {item["path"] for key in ("configMap", "downwardAPI") for item in sources[key]["items"]}
    assert files == {"token", "ca.crt", "namespace"}


@every_overlay
def test_ready_is_the_node_s_process(overlay: str) -> None:
    node = containers(overlay)[NODE]
    assert node["readinessProbe"]["httpGet"] == {"path": "/ext/health/liveness", "port": "http"}
    assert {one["name"]: one["value"] for one in node["env"]}["AVAGO_HTTP_HOST"] == "0.0.0.0"
    assert not any({"livenessProbe", "startupProbe"} & set(one) for one in containers(overlay).values())
    assert template(overlay)["spec"]["terminationGracePeriodSeconds"] >= 300


@every_overlay
def test_each_container_has_its_share(overlay: str) -> None:
    for name, container in containers(overlay).items():
        requests, limits = container["resources"]["requests"], container["resources"]["limits"]
        assert requests["cpu"]
        assert "cpu" not in limits
        assert quantity(requests["memory"]) <= quantity(limits["memory"])
        assert (quantity(limits["memory"]) <= 512 * UNITS["Mi"]) == (name in OURS)


@pytest.mark.parametrize("network", ["mainnet", "fuji"])
def test_longer_histories_have_larger_volumes(network: str) -> None:
    sizes = [volume_bytes(f"{network}-{mode}") for mode in test_config.SyncMode]
    assert sizes == sorted(set(sizes), reverse=True)
    assert all(volume_bytes(f"fuji-{mode}") < volume_bytes(f"mainnet-{mode}") for mode in test_config.SyncMode)


@every_overlay
def test_volumes_outlive_the_stateful_set(overlay: str) -> None:
    spec = stateful_set(overlay)["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["updateStrategy"] == {"type": "RollingUpdate"}
    assert spec["podManagementPolicy"] == "OrderedReady"


def test_ours_is_one_image() -> None:
    images = chain.from_iterable(
        (one["image"] for name, one in containers(overlay).items() if name in OURS) for overlay in shipped.OVERLAYS
    )
    assert len(set(images)) == 1
