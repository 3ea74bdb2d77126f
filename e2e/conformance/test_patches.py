"""Patches of a StatefulSet: what the API server takes, refuses and makes of them."""

from __future__ import annotations

from typing import Any

from e2e.conformance.objects import empty_stateful_set, template
from e2e.conformance.table import (
    ABSENT,
    CHANGED,
    SAME,
    Expected,
    Of,
    Player,
    Step,
    made,
    refused,
    rows,
    seen,
    until,
)
from e2e.kit.api import APPLY, JSON_PATCH, MERGE, PLAIN, STRATEGIC, Json

IT = "StatefulSet/ROW"
PATCH = f"PATCH {IT}"
MADE = [made(empty_stateful_set()), until(IT, {"status.observedGeneration": 1})]
UNCHANGED = {"metadata.resourceVersion": SAME, "metadata.generation": SAME, "spec": SAME, "status": SAME}
SAME_SPEC = {"metadata.resourceVersion": CHANGED, "metadata.generation": SAME, "spec": SAME}
CONTAINERS = "spec.template.spec.containers"
TEMPLATE_ANNOTATIONS = "spec.template.metadata.annotations"
OTHER = "example.test/other:1"
ANNOTATION = {"a": "1"}
MOST_ANNOTATION_BYTES = 262_144


def patched(body: Any, expected: Expected, content_type: str = STRATEGIC, **parameters: str) -> Step:
    return Step(PATCH, 200, expected, body, content_type, parameters)


def annotated(**metadata: Any) -> Json:
    """A patch that annotates, if the rest of the metadata allows it."""
    return {"metadata": {"annotations": ANNOTATION, **metadata}}


def images(*names: str) -> Json:
    """A patch of these containers' images."""
    return template(containers=[{"name": name, "image": OTHER} for name in names])


def applied(annotations: dict[str, str], expected: Expected, manager: str = "first", *, force: bool = False) -> Step:
    """Server-side apply of a manifest that names these annotations."""
    metadata = {"name": "ROW", "annotations": annotations}
    body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata}
    return patched(body, expected, APPLY, fieldManager=manager, force=str(force).lower())


TESTED = [
    {"op": "test", "path": "/spec/replicas", "value": 7},
    {"op": "replace", "path": "/spec/replicas", "value": 0},
]


@rows(
    empty_merge=[*MADE, patched({}, UNCHANGED, MERGE), seen(IT, UNCHANGED)],
    empty_strategic=[*MADE, patched({}, UNCHANGED), seen(IT, UNCHANGED)],
    empty_json=[*MADE, patched([], UNCHANGED, JSON_PATCH), seen(IT, UNCHANGED)],
    value_it_has=[*MADE, patched({"spec": {"replicas": 0}}, UNCHANGED), seen(IT, UNCHANGED)],
    absent=[refused(PATCH, 404, "NotFound", 'statefulsets.apps "ROW" not found', {}, content_type=MERGE)],
    wrong_content_type=[*MADE, refused(PATCH, 415, "UnsupportedMediaType", body={}, content_type=PLAIN)],
    body_not_an_object=[*MADE, refused(PATCH, 400, "BadRequest", body=[], content_type=MERGE)],
    stale_resource_version_merge=[
        *MADE,
        refused(PATCH, 409, "Conflict", "object has been modified", annotated(resourceVersion="1"), content_type=MERGE),
        seen(IT, UNCHANGED),
    ],
    stale_resource_version_strategic=[
        *MADE,
        refused(
            PATCH, 409, "Conflict", "object has been modified", annotated(resourceVersion="1"), content_type=STRATEGIC
        ),
        seen(IT, UNCHANGED),
    ],
    current_resource_version=[
        *MADE,
        patched(annotated(resourceVersion=Of(IT, "metadata.resourceVersion")), {"metadata.annotations": ANNOTATION}),
    ],
    empty_resource_version=[*MADE, patched(annotated(resourceVersion=""), {"metadata.annotations": ANNOTATION}, MERGE)],
    foreign_uid_merge=[*MADE, refused(PATCH, 422, "Invalid", body=annotated(uid="other"), content_type=MERGE)],
    foreign_uid_strategic=[*MADE, refused(PATCH, 422, "Invalid", body=annotated(uid="other"), content_type=STRATEGIC)],
    own_uid=[*MADE, patched(annotated(uid=Of(IT, "metadata.uid")), {"metadata.annotations": ANNOTATION})],
    failed_test=[*MADE, refused(PATCH, 422, "Invalid", body=TESTED, content_type=JSON_PATCH), seen(IT, UNCHANGED)],
    another_selector=[
        *MADE,
        refused(
            PATCH,
            422,
            "Invalid",
            "updates to statefulset spec for fields other than",
            {"spec": {"selector": {"matchLabels": {"row": "another"}}}},
            content_type=MERGE,
        ),
    ],
    large_annotation=[
        *MADE,
        patched(annotated(annotations={"a": "x" * (MOST_ANNOTATION_BYTES - 1)}), {}),
        refused(PATCH, 422, "Invalid", "Too long", annotated(annotations={"b": "x"}), content_type=STRATEGIC),
    ],
)
def test_refused_or_nothing_done(steps: list[Step], player: Player) -> None:
    player.play(steps)


@rows(
    one_container_strategic=[
        *MADE,
        patched(
            images("two"),
            {
                f"{CONTAINERS}.*.name": ["one", "two"],
                f"{CONTAINERS}.*.image": ["IMAGE", OTHER],
                f"{CONTAINERS}.0": SAME,
                f"{CONTAINERS}.1.command": SAME,
                "metadata.generation": 2,
            },
        ),
    ],
    unknown_container_strategic=[
        *MADE,
        patched(
            images("three"),
            {f"{CONTAINERS}.*.name": ["three", "one", "two"], f"{CONTAINERS}.1": Of(IT, f"{CONTAINERS}.0")},
        ),
    ],
    two_containers_strategic=[
        *MADE,
        patched(images("two", "one"), {f"{CONTAINERS}.*.name": ["two", "one"], f"{CONTAINERS}.*.image": [OTHER] * 2}),
    ],
    container_removed_strategic=[
        *MADE,
        patched(template(containers=[{"name": "one", "$patch": "delete"}]), {f"{CONTAINERS}.*.name": ["two"]}),
    ],
    one_variable_strategic=[
        *MADE,
        patched(
            template(containers=[{"name": "one", "env": [{"name": "B", "value": "3"}]}]),
            {f"{CONTAINERS}.0.env": [{"name": "A", "value": "1"}, {"name": "B", "value": "3"}]},
        ),
    ],
    new_variable_strategic=[
        *MADE,
        patched(
            template(containers=[{"name": "one", "env": [{"name": "C", "value": "3"}]}]),
            {f"{CONTAINERS}.0.env.*.name": ["C", "A", "B"]},
        ),
    ],
    one_container_merge=[
        *MADE,
        patched(
            images("two"),
            {f"{CONTAINERS}.*.name": ["two"], f"{CONTAINERS}.0.command": ABSENT, f"{CONTAINERS}.0.image": OTHER},
            MERGE,
        ),
    ],
    no_containers_merge=[
        *MADE,
        refused(PATCH, 422, "Invalid", "spec.template.spec.containers: Required", images(), content_type=MERGE),
    ],
    container_without_image_merge=[
        *MADE,
        refused(
            PATCH,
            422,
            "Invalid",
            r"spec\.template\.spec\.containers\[0\]\.image: Required value",
            template(containers=[{"name": "one"}]),
            content_type=MERGE,
        ),
    ],
    image_by_json_patch=[
        *MADE,
        patched(
            [{"op": "replace", "path": "/spec/template/spec/containers/1/image", "value": OTHER}],
            {f"{CONTAINERS}.*.image": ["IMAGE", OTHER], f"{CONTAINERS}.0": SAME},
            JSON_PATCH,
        ),
    ],
    image_with_newline=[
        *MADE,
        patched(template(containers=[{"name": "one", "image": "a\n"}]), {"metadata.generation": 2}),
    ],
    first_annotation=[
        *MADE,
        patched(annotated(), {"metadata.annotations": ANNOTATION, **SAME_SPEC}),
    ],
    annotation_removed=[
        *MADE,
        patched(annotated(), {"metadata.annotations": ANNOTATION}),
        patched(annotated(annotations={"a": None}), {"metadata.annotations": ABSENT, **SAME_SPEC}, MERGE),
    ],
    template_annotation=[
        *MADE,
        patched(
            {"spec": {"template": {"metadata": {"annotations": ANNOTATION}}}},
            {TEMPLATE_ANNOTATIONS: ANNOTATION, "metadata.generation": 2, f"{CONTAINERS}": SAME},
        ),
    ],
    scaled=[*MADE, patched({"spec": {"replicas": 0, "revisionHistoryLimit": 1}}, {"metadata.generation": 2})],
    unknown_field=[*MADE, patched({"spec": {"unknown": 1}}, {"spec.unknown": ABSENT, **UNCHANGED}, MERGE)],
    status_with_the_rest=[*MADE, patched({"status": {"replicas": 7}}, UNCHANGED, MERGE)],
)
def test_done(steps: list[Step], player: Player) -> None:
    player.play(steps)


@rows(
    apply_creates=[
        Step(
            PATCH,
            201,
            {"metadata.generation": 1, "metadata.managedFields.0.manager": "first"},
            empty_stateful_set(),
            APPLY,
            {"fieldManager": "first"},
        )
    ],
    apply_again=[*MADE, applied(ANNOTATION, SAME_SPEC), applied(ANNOTATION, {"metadata.annotations": ANNOTATION})],
    apply_conflict=[
        *MADE,
        applied(ANNOTATION, {}),
        refused(
            PATCH,
            409,
            "Conflict",
            r'conflict with "first".*\.metadata\.annotations\.a',
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "metadata": {"name": "ROW", "annotations": {"a": "2"}},
            },
            content_type=APPLY,
            parameters={"fieldManager": "second"},
        ),
        seen(IT, {"metadata.annotations": ANNOTATION}),
    ],
    apply_by_force=[
        *MADE,
        applied(ANNOTATION, {}),
        applied({"a": "2"}, {"metadata.annotations": {"a": "2"}}, "second", force=True),
        applied({}, {"metadata.annotations": {"a": "2"}}),
    ],
    apply_no_longer_named=[
        *MADE,
        applied({"a": "1", "b": "1"}, {"metadata.annotations": {"a": "1", "b": "1"}}),
        applied({"b": "1"}, {"metadata.annotations": {"b": "1"}}),
    ],
    apply_leaves_others=[
        *MADE,
        patched(annotated(), {}),
        applied({"b": "1"}, {"metadata.annotations": {"a": "1", "b": "1"}}),
        applied({}, {"metadata.annotations": ANNOTATION}),
    ],
    apply_without_manager=[
        *MADE,
        refused(PATCH, 422, "Invalid", "fieldManager: Required value", empty_stateful_set(), content_type=APPLY),
    ],
)
def test_server_side_apply(steps: list[Step], player: Player) -> None:
    player.play(steps)
