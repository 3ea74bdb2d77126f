from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import image, names, patches
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from tests.core import pods
from tests.core.pods import NODE
from tests.support.objects import DIGEST, FLOATING, PINNED, VERSIONS, stateful_set, template


def pin(current: StatefulSet, **changes: Any) -> JsonObject:
    arguments = {"container": NODE, "image": PINNED, "versions": VERSIONS, "tracked_tag": "latest", **changes}
    return patches.pin(current, **arguments)


TEMPLATE: JsonObject = {
    "metadata": {
        "annotations": {
            "avalanche.avax.network/avalanchego-versions": VERSIONS,
            "avalanche.avax.network/tracked-tag": "latest",
        }
    },
    "spec": {"containers": [{"name": "avago", "image": PINNED}]},
}


@pytest.mark.parametrize(
    ("attempts", "metadata"),
    [
        pytest.param(None, {"resourceVersion": "4711"}, id="not counted"),
        pytest.param(
            "[]",
            {"resourceVersion": "4711", "annotations": {"avalanche.avax.network/bootstrap-pin-attempts": "[]"}},
            id="counted in the same write",
        ),
    ],
)
def test_pin(attempts: str | None, metadata: JsonObject) -> None:
    assert pin(stateful_set(), attempts=attempts) == {"metadata": metadata, "spec": {"template": TEMPLATE}}


def test_what_starts_no_revision() -> None:
    annotations = {"avalanche.avax.network/bootstrap-pin-attempts": "[1]"}
    assert patches.attempts(stateful_set(), "[1]") == {
        "metadata": {"resourceVersion": "4711", "annotations": annotations}
    }
    annotations = {"avalanche.avax.network/bootstrap-results": "[2]"}
    assert patches.results(stateful_set(), "[2]") == {
        "metadata": {"resourceVersion": "4711", "annotations": annotations}
    }


def strategic_merge(original: Any, patch: Any) -> Any:
    """As the API server does it, as far as it is needed: objects by key, containers by name, all else replaced."""
    if isinstance(patch, dict) and isinstance(original, dict | None):
        merged = dict(original or {})
        for key, value in patch.items():
            merged[key] = strategic_merge(merged.get(key), value)
        return merged
    if isinstance(patch, list):
        merged_list = list(original or [])
        for item in patch:
            index = next((n for n, other in enumerate(merged_list) if other["name"] == item["name"]), None)
            if index is None:
                merged_list.insert(0, item)
            else:
                merged_list[index] = strategic_merge(merged_list[index], item)
        return merged_list
    return patch


labels = st.text("abcxyz", min_size=1, max_size=8)
containers = st.lists(
    st.builds(
        lambda name, env, args: pods.container(name, env=pods.env(**env), args=args),
        labels,
        st.dictionaries(labels, labels, max_size=3),
        st.lists(labels, max_size=3),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda container: str(container["name"]),
)
references = st.builds(
    lambda host, path, hexes: f"{host}{'/'.join(path)}@sha256:{hexes}",
    st.sampled_from(["", "docker.io/", "localhost:5000/", "registry.example/"]),
    st.lists(labels, min_size=1, max_size=3),
    st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(containers, st.data(), references, st.none() | st.dictionaries(labels, labels, max_size=3), st.none() | labels)
def test_a_pin_changes_one_image_and_two_annotations(
    items: list[JsonObject],
    data: st.DataObject,
    reference: str,
    annotations: dict[str, str] | None,
    attempts: str | None,
) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    pod_template = template(FLOATING)
    pod_template["spec"]["containers"] = items
    pod_template["metadata"]["annotations"] = annotations
    before = stateful_set(pod_template)
    patch = pin(before, container=items[index]["name"], image=reference, attempts=attempts)

    after = strategic_merge(before.json, patch)

    expected = copy.deepcopy(before.json)
    expected["spec"]["template"]["spec"]["containers"][index]["image"] = reference
    expected["spec"]["template"]["metadata"]["annotations"] = {
        **(annotations or {}),
        names.VERSIONS_ANNOTATION: VERSIONS,
        names.TRACKED_TAG_ANNOTATION: "latest",
    }
    if attempts is not None:
        expected["metadata"]["annotations"] = {names.PIN_ATTEMPTS_ANNOTATION: attempts}
    assert after == expected
    assert StatefulSet(after).template_image(items[index]["name"]) == reference
    assert image.parse(reference).pinned


@given(references.map(lambda text: text.partition("@")[0]), st.none() | labels)
def test_what_is_pinned_is_a_repository_as_it_is_spelled_and_a_digest(repository: str, tag: str | None) -> None:
    deployed = image.parse(repository if tag is None else f"{repository}:{tag}")

    patch = pin(stateful_set(), image=str(deployed.with_digest(DIGEST)))

    assert patch["spec"]["template"]["spec"]["containers"] == [{"name": NODE, "image": f"{repository}@{DIGEST}"}]
