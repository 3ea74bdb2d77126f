"""``init`` in a pod whose template has moved on, or that is being deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap_monitor.core.restore.marker import Marker
from bootstrap_monitor.core.test_config import TestConfig
from bootstrap_monitor.errors import ConfigurationError, Terminated
from tests.support.manifests import PINNED, POD
from tests.support.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def leaves(rig: Rig) -> None:
    """``init`` runs until SIGTERM."""
    with pytest.raises(Terminated):
        rig.init().run()


def test_a_pod_behind_its_template_deletes_itself(rig: Rig) -> None:
    rig.cluster.set_image(PINNED)
    leaves(rig)
    assert "create_pod" not in rig.cluster.calls
    assert rig.attempts() == ["self-deletion"]
    assert rig.cluster.deletions == [{"name": POD, "uid": rig.cluster.pod["metadata"]["uid"], "grace": 5}]


def test_a_pod_behind_its_template_waits_until_the_controller_has_seen_it(rig: Rig) -> None:
    """As it is left by a run that was killed right after its patch."""
    rig.clock.controller = False
    rig.cluster.set_image(PINNED)
    rig.clock.at(20, rig.cluster.observe)
    seen = rig.observed_at_deletions()

    leaves(rig)

    assert seen == [True]


def test_a_fourth_self_deletion_in_ten_minutes_is_for_a_person(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.cluster.set_image(PINNED)
    for _ in range(3):
        leaves(rig)
        rig.cluster.pod["metadata"].pop("deletionTimestamp")  # as a webhook would put the old one back
    with pytest.raises(ConfigurationError, match="came back the same"):
        rig.init().run()


@pytest.mark.parametrize("has_successor", [False, True])
def test_a_pod_that_somebody_else_deleted_is_left(rig: Rig, has_successor: bool) -> None:
    """A successor of the same name is not touched: the deletion names the own uid."""
    rig.cluster.set_image(PINNED)

    def replaced() -> None:
        rig.cluster.remove(POD)
        if has_successor:
            rig.cluster.settle()

    rig.cluster.once("delete_pod", replaced)
    leaves(rig)
    assert rig.cluster.deletions == []


@pytest.mark.parametrize("is_edited", [True, False])
def test_a_pod_whose_archive_is_refused_makes_way_for_an_edited_template(tmp_path: Path, is_edited: bool) -> None:
    """It is not Ready: no controller replaces it."""
    rig = Rig(tmp_path, PINNED)
    rig.restoring = lambda _: Refusing()
    if is_edited:
        rig.cluster.edit({"spec": {"template": {"metadata": {"annotations": {"another": "hash"}}}}})
        rig.cluster.observe()
        leaves(rig)
        assert rig.attempts() == ["self-deletion"]
    else:
        with pytest.raises(ConfigurationError, match="not the expected hash"):
            rig.init().run()
        assert rig.attempts() == []
    assert len(rig.cluster.deletions) == is_edited
    assert not rig.read_details()


class Refusing:
    """A restore of an archive that is not the expected one."""

    def run(self, test: str, config: TestConfig | None) -> Marker:
        raise ConfigurationError(f"{test} of {config}: not the expected hash", reason="ArchiveHashMismatch", check="it")


def test_a_terminating_pod_only_waits(rig: Rig) -> None:
    rig.cluster.pod["metadata"]["deletionTimestamp"] = "2026-01-02T00:00:00Z"
    before = rig.world()
    leaves(rig)
    assert rig.world() == before
    assert rig.cluster.calls == ["get_pod", "read_stateful_set"]
