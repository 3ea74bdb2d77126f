"""``init`` in a pinned pod: a new test, or the one that is on the volume."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor import effects
from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from tests.support.kills import observed
from tests.support.manifests import NEXT, NEXT_VERSIONS, PINNED, POD, START_TIME, TAG, VERSIONS, Shape, details
from tests.support.rig import Rig, logged, messages

OTHERS_TEST = details(NEXT)


def pinned(folder: Path, shape: Shape = Shape.FOLDER, **manifest: Any) -> Rig:
    rig = Rig(folder, PINNED, shape, **manifest)
    rig.put_node_data()
    return rig


@pytest.fixture(params=Shape)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return pinned(tmp_path, request.param)


def test_a_new_test_starts_on_a_cleared_volume(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.write_details(OTHERS_TEST)
    (rig.volume / "lost+found").mkdir()
    (rig.volume / names.DETAILS_SET_ASIDE).write_text("of a person's interest")

    assert rig.init().run() is ExitCode.DONE

    assert rig.files() == {names.DETAILS_SET_ASIDE: "of a person's interest"}
    assert (rig.volume / "lost+found").is_dir()
    written = rig.read_details()
    assert written
    assert written["startTime"] == "2026-01-02T03:04:05+00:00"
    assert written == details(startTime=written["startTime"])
    [fields] = logged(caplog, names.STARTING)
    assert fields["testConfig"] == {
        "network": "fuji",
        "syncMode": "c-chain-state-sync",
        "image": PINNED,
        "versions": {"application": "avalanchego/1.13.0", "commit": ""},
    }
    assert logged(caplog, "Decided")[0]["reason"] == "ImageChanged"
    assert rig.cluster.deletions == []


def test_details_are_removed_first_and_written_last(rig: Rig) -> None:
    rig.write_details(OTHERS_TEST)
    with observed() as seen:
        rig.init().run()
    order = [name.removeprefix("before ") for name in dict.fromkeys(seen) if name.startswith("before ")]
    assert order == [
        "volume.remove details",
        "volume.remove entry",
        "volume.write temporary details",
        "volume.rename details",
    ]


def test_what_is_not_the_nodes_stays_in_the_folder_shape(tmp_path: Path) -> None:
    rig = pinned(tmp_path, Shape.FOLDER)
    (rig.volume / "notes.txt").write_text("a person's")
    rig.init().run()
    assert rig.files() == {"notes.txt": "a person's"}


def test_a_data_dir_within_the_nodes_place_stays(tmp_path: Path) -> None:
    """``--data-dir`` names a folder of the mount, and the node writes to the mount's root."""
    rig = pinned(tmp_path, Shape.ROOT)
    own = rig.volume / "monitor" / "state"
    own.mkdir(parents=True)
    (own / "notes.txt").write_text("kept")
    rig.init(data_dir=str(own)).run()
    assert rig.files() == {"monitor/state/notes.txt": "kept"}


def test_a_staging_dir_within_the_nodes_place_stays(tmp_path: Path) -> None:
    """It may be a mount, which clearing does not enter."""
    rig = pinned(tmp_path, Shape.ROOT)
    staging = rig.volume / ".staging" / "archives"
    staging.mkdir(parents=True)
    (staging / "part").write_text("half")
    command = rig.init()
    replace(command, volume=replace(command.volume, staging_dir=str(staging))).run()
    assert rig.files() == {".staging/archives/part": "half"}


def test_the_place_can_be_given(tmp_path: Path) -> None:
    rig = pinned(tmp_path)
    (rig.volume / "elsewhere").mkdir()
    (rig.volume / "elsewhere" / "db").write_text("old")
    rig.init(node_data_dir="elsewhere").run()
    assert not any(path.startswith("elsewhere") for path in rig.files())
    assert rig.node_data.exists()


def test_malformed_details_are_set_aside(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.write_details(b'{"image": "cut o')
    assert rig.init().run() is ExitCode.DONE
    assert rig.files() == {names.DETAILS_SET_ASIDE: '{"image": "cut o'}
    assert logged(caplog, "Decided")[0]["reason"] == "TestDetailsMalformed"


def test_the_same_test_is_resumed(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.write_details(details())
    before = rig.world()

    assert rig.init().run() is ExitCode.DONE

    assert rig.world() == before
    [fields] = logged(caplog, names.RESUMING)
    assert fields["startTime"] == START_TIME
    assert fields["testConfig"]["image"] == PINNED


def test_a_file_of_upstreams_program_is_resumed_and_completed(rig: Rig) -> None:
    rig.write_details({"image": PINNED, "startTime": START_TIME})
    data = rig.files()

    assert rig.init().run() is ExitCode.DONE

    assert rig.files() == data
    assert rig.read_details() == details(trackedTag=TAG)


def test_a_file_of_a_later_release_keeps_its_keys(rig: Rig) -> None:
    rig.write_details({"image": PINNED, "startTime": START_TIME, "mood": "fine"})
    rig.init().run()
    assert rig.read_details() == details(mood="fine")


class Volume:
    """A details file whose operations fail as told."""

    def __init__(self, content: bytes | None, **errors: int) -> None:
        self.content = content
        self.errors = errors

    def _do(self, operation: str) -> None:
        if code := self.errors.get(operation):
            raise OSError(code, f"cannot {operation}")

    def read(self) -> bytes | None:
        self._do("read")
        return self.content

    def write(self, content: bytes) -> None:
        self._do("write")

    def remove(self) -> None:
        self._do("remove")

    def set_aside(self) -> None:
        self._do("set_aside")


def on(rig: Rig, volume: Volume) -> Callable[[], ExitCode]:
    command = rig.init()
    return replace(command, volume=replace(command.volume, details=volume)).run


@pytest.mark.parametrize(
    ("content", "operation"), [(None, "remove"), (b"rubbish", "set_aside"), (None, "write"), (b"{}", "write")]
)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_volume_that_cannot_be_written_is_to_be_tried_again(
    tmp_path: Path, content: bytes | None, operation: str, code: int
) -> None:
    run = on(pinned(tmp_path), Volume(content, **{operation: code}))
    with pytest.raises(TransientError, match=f"cannot {operation}") as caught:
        run()
    assert (caught.value.reason, caught.value.exit_code) == ("DataVolumeError", ExitCode.TRY_AGAIN)


def test_nothing_is_cleared_while_the_details_cannot_be_removed(tmp_path: Path) -> None:
    rig = pinned(tmp_path)
    run = on(rig, Volume(None, remove=errno.EIO))
    before = rig.world()
    with pytest.raises(TransientError):
        run()
    assert rig.world() == before


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ESTALE])
def test_details_that_cannot_be_read_stop_everything(tmp_path: Path, code: int) -> None:
    rig = pinned(tmp_path)
    run = on(rig, Volume(None, read=code))
    before = rig.world()
    with pytest.raises(TransientError) as caught:
        run()
    assert (caught.value.reason, caught.value.exit_code) == ("TestDetailsIOError", ExitCode.TRY_AGAIN)
    assert rig.world() == before


def test_details_that_cannot_be_completed_are_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    upstreams = b'{"image": "%s", "startTime": "%s"}' % (PINNED.encode(), START_TIME.encode())
    run = on(pinned(tmp_path), Volume(upstreams, write=errno.ENOSPC))
    assert run() is ExitCode.DONE
    assert messages(caplog, logging.WARNING) == ["The details could not be completed"]


@pytest.mark.parametrize(
    ("content", "manifest", "code", "reason"),
    [
        (details(schema=2), {}, ExitCode.CONFIGURATION, "TestDetailsNewerSchema"),
        (None, {"network": None}, ExitCode.CONFIGURATION, "NetworkMissing"),
    ],
)
def test_what_a_person_must_mend_changes_nothing(
    tmp_path: Path, content: JsonObject | None, manifest: dict[str, Any], code: ExitCode, reason: str
) -> None:
    rig = pinned(tmp_path, **manifest)
    if content:
        rig.write_details(content)
    before = rig.world()
    with pytest.raises(MonitorError) as caught:
        rig.init().run()
    assert (caught.value.reason, caught.value.exit_code) == (reason, code)
    assert rig.world() == before


def test_another_pod_than_the_first_is_for_a_person(tmp_path: Path) -> None:
    rig = pinned(tmp_path, replicas=2)
    with pytest.raises(ConfigurationError) as caught:
        rig.init(pod_name="test-1").run()
    assert caught.value.reason == "NotTheFirstPod"


def test_data_on_no_volume_of_ours_stops_a_new_test_but_not_a_running_one(tmp_path: Path) -> None:
    rig = pinned(tmp_path)
    for container in rig.cluster.pod["spec"]["containers"]:
        if container["name"] == "avago":
            container["volumeMounts"] = []
    before = rig.world()
    with pytest.raises(ConfigurationError) as caught:
        rig.init().run()
    assert caught.value.reason == "NodeDataElsewhere"
    assert rig.world() == before

    rig.write_details(details())
    assert rig.init().run() is ExitCode.DONE


def test_clearing_shows_progress_when_it_takes_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = pinned(tmp_path)
    for number in range(2001):
        (rig.node_data / "db" / f"{number}.sst").touch()

    def slow(name: str, moment: effects.Moment) -> None:
        rig.clock.advance(31)

    effects.observers.append(slow)
    try:
        rig.init().run()
    finally:
        effects.observers.remove(slow)

    path = str(rig.node_data)
    first, *progress = logged(caplog, "Removing the node's data")
    assert first == {"path": path}
    assert progress
    assert all(fields["path"] == path and fields["entries"] >= 1000 for fields in progress)


def test_what_looks_wrong_in_the_pod_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = pinned(tmp_path, network=None)
    for container in rig.cluster.pod["spec"]["containers"]:
        container.setdefault("env", []).append({"name": "AVAGO_NETWORK_NAME", "value": "fuji"})
    assert rig.init().run() is ExitCode.DONE
    assert any("AVAGO_NETWORK_NAME" in message for message in messages(caplog, logging.WARNING))


def test_versions_of_a_retest_stay_those_of_the_template(tmp_path: Path) -> None:
    rig = pinned(tmp_path, annotations={names.VERSIONS_ANNOTATION: NEXT_VERSIONS, names.RETEST_ANNOTATION: "again"})
    rig.write_details(details())
    rig.init().run()
    written = rig.read_details()
    assert written
    assert (written["versions"], written["fingerprint"]["retest"]) == (NEXT_VERSIONS, "again")
    assert VERSIONS not in written.values()
    assert POD in rig.cluster.pods
