from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bootstrap_monitor.core import names
from bootstrap_monitor.core.attempts import AttemptKind
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.template_drift import Drift, DriftWorld, assess
from tests.core import pods
from tests.core.pods import NODE
from tests.support.objects import (
    DIGEST,
    FLOATING,
    LIMIT,
    NOW,
    OTHER_DIGEST,
    PIN,
    PINNED,
    PINNED_ANNOTATIONS,
    REPOSITORY,
    SELF_DELETION,
    minutes,
    node_of,
    partition,
    pod_from,
    stateful_set,
    template,
    tried,
)

Edit = Callable[[JsonObject], object]


def world(
    edited: JsonObject, *, own: JsonObject | None = None, tag: str | None = "latest", **stateful: Any
) -> DriftWorld:
    """The own pod is of revision 1, and the ``edited`` template is revision 2 unless ``stateful`` says otherwise."""
    return DriftWorld(
        pod=own or pod_from(template()),
        stateful_set=stateful_set(edited, **{"revision": "rig-2", **stateful}),
        container=NODE,
        tracked_tag=tag,
        limit=LIMIT,
        now=NOW,
    )


def put_back(edit: Edit = lambda _: None, *, annotations: dict[str, str] | None = None) -> JsonObject:
    """The template of a manifest that was applied again, with an edit of somebody's."""
    edited = template(FLOATING, PINNED_ANNOTATIONS if annotations is None else annotations)
    edit(edited)
    return edited


def with_image(image: str) -> Edit:
    return lambda edited: node_of(edited).update(image=image)


def monitor_of(edited: JsonObject) -> JsonObject:
    monitor: JsonObject = edited["spec"]["containers"][1]
    return monitor


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(put_back(), id="kubectl apply"),
        pytest.param(put_back(annotations={}), id="kubectl replace: without our annotations"),
        pytest.param(put_back(annotations={names.VERSIONS_ANNOTATION: "{}"}), id="annotations of an older pin"),
        pytest.param(put_back(with_image(REPOSITORY)), id="no tag is latest"),
    ],
)
def test_only_the_tag_was_put_back(edited: JsonObject) -> None:
    assert assess(world(edited)) is Drift.TAG_PUT_BACK


@pytest.mark.parametrize(
    ("own_image", "image"),
    [
        pytest.param(f"{REPOSITORY}:latest@{DIGEST}", FLOATING, id="pinned with its tag"),
        pytest.param(f"docker.io/library/avago@{DIGEST}", "avago", id="Docker Hub"),
    ],
)
def test_the_same_repository_in_another_spelling(own_image: str, image: str) -> None:
    assert assess(world(put_back(with_image(image)), own=pod_from(template(own_image)))) is Drift.TAG_PUT_BACK


def test_any_tag_where_the_tests_own_is_not_known() -> None:
    edited = put_back(with_image(f"{REPOSITORY}:v1"))

    assert assess(world(edited, tag=None)) is Drift.TAG_PUT_BACK
    assert assess(world(edited)) is Drift.EDITED


def injected(name: str) -> Edit:
    return lambda pod: pod["spec"]["containers"].insert(0, {"name": name, "image": "mesh:1"})


ADMITTED: dict[str, Edit] = {
    "container in front": injected("mesh"),
    "container behind": lambda pod: pod["spec"]["containers"].append({"name": "mesh", "image": "mesh:1"}),
    "init container": lambda pod: pod["spec"]["initContainers"].insert(0, {"name": "mesh-init", "image": "mesh:1"}),
    "variable": lambda pod: node_of(pod)["env"].insert(0, {"name": "MESH", "value": "1"}),
    "mount": lambda pod: node_of(pod)["volumeMounts"].insert(0, pods.mount("mesh", "/etc/mesh")),
    "toleration": lambda pod: pod["spec"]["tolerations"].insert(0, {"key": "mesh"}),
    "resources": lambda pod: node_of(pod).update(resources={"requests": {"cpu": "100m"}}),
    "defaults": lambda pod: pod["spec"].update(priority=0, enableServiceLinks=True, serviceAccountName="default"),
    "label": lambda pod: pod["metadata"]["labels"].update(mesh="on"),
    "annotation": lambda pod: pod["metadata"]["annotations"].update({"mesh/status": "injected"}),
    "node selector": lambda pod: pod["spec"]["nodeSelector"].update(zone="a"),
}


@pytest.mark.parametrize("admission", ADMITTED.values(), ids=ADMITTED)
def test_what_admission_adds_to_the_pod_is_no_edit(admission: Edit) -> None:
    own = pod_from(template())
    admission(own)

    assert assess(world(put_back(), own=own)) is Drift.TAG_PUT_BACK


EDITS: dict[str, Edit] = {
    "variable changed": lambda edited: node_of(edited)["env"][0].update(value="mainnet"),
    "variable added": lambda edited: node_of(edited)["env"].append({"name": "MORE", "value": "1"}),
    "variables in another order": lambda edited: node_of(edited)["env"].reverse(),
    "monitor's image": lambda edited: monitor_of(edited).update(image="monitor:2"),
    "monitor's arguments": lambda edited: monitor_of(edited)["args"].append("--log-format=json"),
    "monitor's arguments removed": lambda edited: monitor_of(edited)["args"].pop(),
    "init's image": lambda edited: edited["spec"]["initContainers"][0].update(image="monitor:2"),
    "container added": lambda edited: edited["spec"]["containers"].append({"name": "more", "image": "more:1"}),
    "container renamed": lambda edited: monitor_of(edited).update(name="renamed"),
    "node renamed": lambda edited: node_of(edited).update(name="renamed"),
    "node removed": lambda edited: edited["spec"]["containers"].pop(0),
    "resources": lambda edited: node_of(edited).update(resources={"limits": {"memory": "8Gi"}}),
    "probe": lambda edited: node_of(edited).update(readinessProbe={"httpGet": {"path": "/", "port": 1}}),
    "mount": lambda edited: node_of(edited)["volumeMounts"][0].update(mountPath="/data"),
    "node selector": lambda edited: edited["spec"]["nodeSelector"].update(disk="slow"),
    "toleration": lambda edited: edited["spec"]["tolerations"].append({"key": "more"}),
    "grace": lambda edited: edited["spec"].update(terminationGracePeriodSeconds=5),
    "list where there is none": lambda edited: edited["spec"].update(imagePullSecrets=[{"name": "more"}]),
    "object where there is none": lambda edited: edited["spec"].update(securityContext={"runAsUser": 1}),
    "label": lambda edited: edited["metadata"]["labels"].update(team="b"),
    "label added": lambda edited: edited["metadata"]["labels"].update(more="b"),
    "rollout restart": lambda edited: edited["metadata"]["annotations"].update(
        {"kubectl.kubernetes.io/restartedAt": "2024-05-08T12:00:00Z"}
    ),
    "retest": lambda edited: edited["metadata"]["annotations"].update({names.RETEST_ANNOTATION: "1"}),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("base", [put_back(), template()], ids=["with the tag", "pinned"])
def test_any_other_edit(base: JsonObject, edit: Edit) -> None:
    edited = copy.deepcopy(base)
    edit(edited)

    assert assess(world(edited)) is Drift.EDITED


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(f"{REPOSITORY}:v1", id="another tag"),
        pytest.param(f"{REPOSITORY}2:latest", id="another repository"),
        pytest.param(f"{REPOSITORY}@{OTHER_DIGEST}", id="another digest"),
        pytest.param(f"{REPOSITORY}:latest@{OTHER_DIGEST}", id="another digest with the tag"),
        pytest.param("Bad Image", id="no image"),
        pytest.param("", id="empty"),
    ],
)
def test_another_image(image: str) -> None:
    assert assess(world(put_back(with_image(image)))) is Drift.EDITED


def test_what_was_removed_beside_the_tag_is_seen_once_it_is_pinned_again() -> None:
    def without_last_variable(edited: JsonObject) -> None:
        node_of(edited)["env"].pop()

    edited = put_back(without_last_variable)
    assert assess(world(edited)) is Drift.TAG_PUT_BACK

    with_image(PINNED)(edited)
    assert assess(world(edited, revision="rig-3")) is Drift.EDITED


@pytest.mark.parametrize(
    ("stateful", "drift"),
    [
        pytest.param({}, Drift.TAG_PUT_BACK, id="rolls"),
        pytest.param({"revision": "rig-1"}, Drift.IN_STEP, id="the pod's revision"),
        pytest.param({"observed": False}, Drift.IN_STEP, id="not observed"),
        pytest.param({"strategy": {"type": "OnDelete"}}, Drift.IN_STEP, id="OnDelete"),
        pytest.param({"strategy": partition(1)}, Drift.HELD_BACK, id="partition"),
        pytest.param({"strategy": partition(1), "revision": "rig-1"}, Drift.HELD_BACK, id="partition without an edit"),
    ],
)
def test_who_rolls(stateful: dict[str, Any], drift: Drift) -> None:
    assert assess(world(put_back(), **stateful)) is drift


def test_an_unedited_template() -> None:
    assert assess(world(template(), revision="rig-1")) is Drift.IN_STEP


@pytest.mark.parametrize(
    ("kind", "edited", "otherwise"),
    [
        pytest.param(PIN, put_back(), Drift.TAG_PUT_BACK, id="pins"),
        pytest.param(SELF_DELETION, put_back(EDITS["label"]), Drift.EDITED, id="self-deletions"),
    ],
)
@pytest.mark.parametrize(
    ("ages", "too_often"),
    [
        pytest.param(minutes(1, 2), False, id="two"),
        pytest.param(minutes(1, 2, 3), True, id="three"),
        pytest.param(minutes(1, 2, 30), False, id="one long ago"),
    ],
)
def test_a_tug_of_war_is_left_by_count(
    kind: AttemptKind, edited: JsonObject, otherwise: Drift, ages: list[timedelta], too_often: bool
) -> None:
    other_kind = next(other for other in AttemptKind if other is not kind)

    assert assess(world(edited, annotations=tried(kind, *ages))) is (Drift.TUG_OF_WAR if too_often else otherwise)
    assert assess(world(edited, annotations=tried(other_kind, *ages))) is otherwise


def test_the_template_is_not_changed_by_looking() -> None:
    looked_at = world(put_back())
    before = copy.deepcopy((looked_at.pod, looked_at.stateful_set.json))

    assess(looked_at)

    assert (looked_at.pod, looked_at.stateful_set.json) == before


def test_a_template_without_metadata() -> None:
    edited = put_back()
    del edited["metadata"]
    own = pod_from(template())
    own["metadata"]["annotations"] = None

    assert assess(world(edited, own=own)) is Drift.TAG_PUT_BACK
