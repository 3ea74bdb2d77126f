"""``init --dry-run`` tells what it would do, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core.json import JsonObject
from tests.support.manifests import FLOATING, NEXT, PINNED, Shape, details
from tests.support.rig import Rig


def _terminating(rig: Rig) -> None:
    rig.cluster.pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"


def _pinned_template(rig: Rig) -> None:
    rig.cluster.set_image(PINNED)
    rig.cluster.observe()


def _data_elsewhere(rig: Rig) -> None:
    for container in rig.cluster.pod["spec"]["containers"]:
        if container["name"] == "avago":
            container["volumeMounts"] = []


def _mended_in_the_template(rig: Rig) -> None:
    _data_elsewhere(rig)
    rig.cluster.set_image(NEXT)
    rig.cluster.observe()


def _with(content: JsonObject | bytes) -> Callable[[Rig], None]:
    return lambda rig: rig.write_details(content)


def _nothing(rig: Rig) -> None:
    pass


UPSTREAMS = details(schema=None, repository=None, trackedTag=None, versions=None, fingerprint=None)
CASES: dict[str, tuple[str, Callable[[Rig], None], str, list[str]]] = {
    "terminating": (PINNED, _terminating, "PodTerminating", ["would: wait for SIGTERM"]),
    "newer schema": (PINNED, _with(details(schema=9)), "TestDetailsNewerSchema", ["would: end with exit code 78"]),
    "behind": (FLOATING, _pinned_template, "PodBehindTemplate", ["would: delete this pod"]),
    "pin": (
        FLOATING,
        _nothing,
        "ImageNotPinned",
        [f"would: run `{FLOATING}` in a probe pod", "(tracked tag `latest`); delete this pod"],
    ),
    "pin again": (FLOATING, _with(details()), "ImageNotPinned", ["would: pin the template to `"]),
    "new test": (
        PINNED,
        _with(details(NEXT)),
        "ImageChanged",
        ["would: remove bootstrap_test_details.txt; clear {place}; write bootstrap_test_details.txt; start the node"],
    ),
    "data elsewhere": (PINNED, _data_elsewhere, "NodeDataElsewhere", ["would: end with exit code 78", "check: "]),
    "data elsewhere, template edited": (
        PINNED,
        _mended_in_the_template,
        "PodBehindTemplate",
        ["would: delete this pod"],
    ),
    "malformed": (PINNED, _with(b"{"), "TestDetailsMalformed", ["clear {place}; "]),
    "resume": (PINNED, _with(details()), "SameTest", ["would: start the node on its data"]),
    "complete": (PINNED, _with(UPSTREAMS), "SameTest", ["would: complete bootstrap_test_details.txt; start the node"]),
}


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("case", CASES)
def test_each_act_is_told_and_changes_nothing(tmp_path: Path, case: str, shape: Shape) -> None:
    image, prepare, reason, parts = CASES[case]
    rig = Rig(tmp_path, image, shape)
    rig.put_node_data()
    prepare(rig)
    before = rig.world()

    told = rig.init().dry_run()

    assert f"reason: {reason}\nbecause: " in told
    for part in parts:
        assert part.format(place=str(rig.node_data).rstrip("/")) in told
    assert rig.world() == before
    assert set(rig.cluster.calls) == {"get_pod", "read_stateful_set"}
