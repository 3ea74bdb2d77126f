from __future__ import annotations

import pytest

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.stateful_set import StatefulSet
from tests.core.pods import NODE
from tests.support.objects import PINNED, PINNED_ANNOTATIONS, VERSIONS, partition, stateful_set, template


def test_views_of_what_the_api_answers() -> None:
    seen = stateful_set(annotations={"a": "1"}, ordinals={"start": 4})

    assert seen.name == "rig"
    assert seen.resource_version == "4711"
    assert seen.generation == 3
    assert seen.update_revision == "rig-1"
    assert seen.template == template()
    assert seen.first_ordinal == 4
    assert seen.annotation("a") == "1"
    assert seen.annotation("b") is None
    assert [seen.template_annotation(key) for key in PINNED_ANNOTATIONS] == [VERSIONS, "latest"]
    assert seen.template_annotation("a") is None
    assert seen.template_image(NODE) == PINNED
    assert seen.template_image("init") is None


@pytest.mark.parametrize(
    "json",
    [
        {},
        {"metadata": {}, "spec": {}, "status": {}},
        {"metadata": None, "spec": None, "status": None},
        {"metadata": {"annotations": None}, "spec": {"template": {"metadata": None, "spec": {"containers": None}}}},
        {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": None}, "ordinals": None}},
    ],
    ids=["nothing", "empty", "nulls", "nulls in the template", "nulls in the strategy"],
)
def test_views_of_what_the_api_left_out(json: JsonObject) -> None:
    seen = StatefulSet(json)

    assert seen.resource_version == ""
    assert seen.generation == 0
    assert seen.observed
    assert seen.update_revision is None
    assert seen.first_ordinal == 0
    assert seen.annotation("a") is None
    assert seen.template_annotation("a") is None
    assert seen.template_image(NODE) is None
    assert seen.rolls_by_itself
    assert not seen.keeps_old(0)
    assert not seen.has_newer_template_than("rig-1")


@pytest.mark.parametrize(
    ("status", "observed"),
    [
        ({}, False),
        ({"observedGeneration": 2}, False),
        ({"observedGeneration": 3}, True),
        ({"observedGeneration": 4}, True),
    ],
)
def test_observed(status: JsonObject, observed: bool) -> None:
    assert StatefulSet({"metadata": {"generation": 3}, "status": status}).observed is observed


@pytest.mark.parametrize(
    ("strategy", "ordinal", "rolls", "keeps_old"),
    [
        pytest.param({"type": "RollingUpdate"}, 0, True, False, id="no partition"),
        pytest.param(partition(0), 0, True, False, id="partition at the ordinal"),
        pytest.param(partition(1), 0, True, True, id="partition above the ordinal"),
        pytest.param(partition(1), 1, True, False, id="partition at a later ordinal"),
        pytest.param({"type": "OnDelete"}, 0, False, False, id="OnDelete"),
        pytest.param(partition(1) | {"type": "OnDelete"}, 0, False, False, id="OnDelete with a leftover"),
    ],
)
def test_strategy(strategy: JsonObject, ordinal: int, rolls: bool, keeps_old: bool) -> None:
    seen = stateful_set(strategy=strategy)

    assert seen.rolls_by_itself is rolls
    assert seen.keeps_old(ordinal) is keeps_old


@pytest.mark.parametrize(
    ("revision", "observed", "newer"),
    [
        pytest.param("rig-1", True, True, id="another"),
        pytest.param("rig-2", True, False, id="the same"),
        pytest.param(None, True, True, id="a pod without a revision"),
        pytest.param("rig-1", False, False, id="not observed"),
    ],
)
def test_has_newer_template(revision: str | None, observed: bool, newer: bool) -> None:
    assert stateful_set(revision="rig-2", observed=observed).has_newer_template_than(revision) is newer


def test_no_revision_says_nothing() -> None:
    assert not stateful_set(revision="").has_newer_template_than("rig-1")
