"""An archive is verified, and one that is wrong leaves nothing: tried twice at most, then refused without traffic."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.errors import ConfigurationError, ExitCode, MonitorError, TransientError
from tests.support.archives import file, symlink, tar
from tests.support.origin import CHUNK_BYTES, METADATA, URL, A, Origin, Volume, metadata, tree
from tests.support.rig import messages

SHA256 = hashlib.sha256(A).hexdigest()
OTHER_SHA256 = "0" * 64
WRONG = A[:200_000] + b"?" + A[200_001:]
NO_HASH = "There is no hash by which the archive could be verified"


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path, Origin({URL: A}))


def error_of(volume: Volume, **options: Any) -> MonitorError:
    with pytest.raises(MonitorError) as caught:
        volume.restore(**options)
    return caught.value


def reads(volume: Volume) -> int:
    return [address for address, _start in volume.origin.starts].count(URL)


@pytest.mark.parametrize("staged", [False, True], ids=["streamed", "staged"])
def test_a_wrong_byte(volume: Volume, *, staged: bool) -> None:
    volume.origin.objects[URL] = WRONG
    error = error_of(volume, sha256=SHA256, staged=staged)
    assert (error.reason, error.exit_code) == ("ArchiveHashMismatch", ExitCode.CONFIGURATION)
    assert SHA256 in error.what
    assert hashlib.sha256(WRONG).hexdigest() in error.what
    assert (volume.database, volume.staged.exists()) == (None, False)
    assert volume.origin.starts == [(URL, 0)] * 2, "one more try"
    marker = volume.marker
    assert marker
    assert marker.failure
    assert (marker.state, marker.failure.reason, marker.failure.times) == (State.FAILED, "ArchiveHashMismatch", 2)
    assert marker.identity == volume.origin.identity_of(URL)

    volume.origin.asked.clear()
    assert error_of(volume, sha256=SHA256, staged=staged).reason == "RestoreRefused"
    assert volume.origin.asked == []


@pytest.mark.parametrize("staged", [False, True], ids=["streamed", "staged"])
def test_damage_on_the_way_is_met_by_the_second_try(
    volume: Volume, caplog: pytest.LogCaptureFixture, *, staged: bool
) -> None:
    identity = f'"{hash(A)}"'
    volume.origin.etags[URL] = identity
    volume.origin.objects[URL] = WRONG

    def heal(_address: str, _position: int) -> None:
        if reads(volume) == 2:
            volume.origin.objects[URL] = A

    volume.origin.before_chunk = heal
    marker = volume.restore(sha256=SHA256, staged=staged)
    assert (volume.database, marker.failure, marker.sha256) == (tree("a"), None, SHA256)
    assert any(message.startswith("Trying once more: ") for message in messages(caplog, logging.WARNING))


def test_the_second_try_may_be_another_process(volume: Volume) -> None:
    volume.origin.objects[URL] = WRONG

    def away_the_second_time(_address: str, _position: int) -> None:
        if reads(volume) == 2:
            raise TransientError("away")

    volume.origin.before_chunk = away_the_second_time
    assert isinstance(error_of(volume, sha256=SHA256), TransientError)
    volume.origin.before_chunk = lambda _address, _position: None
    assert error_of(volume, sha256=SHA256).reason == "ArchiveHashMismatch"
    assert reads(volume) == 3
    assert error_of(volume, sha256=SHA256).reason == "RestoreRefused"


def test_damage_that_shows_differently_each_time_is_not_tried_for_ever(volume: Volume) -> None:
    volume.origin.etags[URL] = '"the same"'

    def damage(_address: str, position: int) -> None:
        assert reads(volume) < 5
        if position == 0:
            volume.origin.objects[URL] = (WRONG, b"?" + A[1:])[reads(volume) % 2]

    volume.origin.before_chunk = damage
    assert error_of(volume, sha256=SHA256).reason in {"ArchiveHashMismatch", "ArchiveDamaged"}
    assert reads(volume) == 2


WRONG_FOR_EVER = {
    "unsafe": (tar(file("db/1.ldb"), symlink("db/link", "/etc")), "ArchiveUnsafe"),
    "of another layout": (tar(file("README")), "ArchiveLayout"),
    "of another format": (b"<html>not found</html>", "ArchiveUnsupported"),
}


@pytest.mark.parametrize(("content", "reason"), WRONG_FOR_EVER.values(), ids=WRONG_FOR_EVER.keys())
def test_what_stays_wrong_is_tried_once(volume: Volume, content: bytes, reason: str) -> None:
    volume.origin.objects[URL] = content
    error = error_of(volume)
    assert (error.reason, error.exit_code) == (reason, ExitCode.CONFIGURATION)
    assert (volume.database, volume.state, reads(volume)) == (None, State.FAILED, 1)
    refused = error_of(volume)
    assert (refused.reason, reads(volume)) == ("RestoreRefused", 1)
    assert reason in refused.what


SIGNED = f"{URL}?signature=rotates"
INPUTS: dict[str, dict[str, Any]] = {
    "source": {"source": "https://elsewhere.example.com/fuji.tar"},
    "metadata": {"metadata": source_name.parse("https://elsewhere.example.com/fuji.json")},
    "sha256": {"sha256": SHA256},
    "metadata sha256": {"metadata_sha256": OTHER_SHA256},
    "format": {"format": Format.TAR},
    "strip": {"strip": 0},
}
NO_INPUTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "signature": {"source": SIGNED},
    "connections": {"connections": 1},
    "staging": {"staged": True},
}


def failed(volume: Volume) -> None:
    volume.origin.objects[URL] = WRONG
    error_of(volume, sha256=OTHER_SHA256)
    volume.origin.asked.clear()


@pytest.mark.parametrize("change", INPUTS.values(), ids=INPUTS.keys())
def test_another_input_is_another_try(volume: Volume, change: dict[str, Any]) -> None:
    failed(volume)
    error_of(volume, **({"sha256": OTHER_SHA256} | change))
    assert volume.origin.asked


@pytest.mark.parametrize("change", NO_INPUTS.values(), ids=NO_INPUTS.keys())
def test_what_is_no_input_is_no_reason_for_another_try(volume: Volume, change: dict[str, Any]) -> None:
    failed(volume)
    error = error_of(volume, sha256=OTHER_SHA256, **change)
    assert (error.reason, volume.origin.asked) == ("RestoreRefused", [])
    assert "signature" not in error.diagnostics()


def test_the_right_hash_after_the_wrong_one(volume: Volume) -> None:
    error_of(volume, sha256=OTHER_SHA256)
    assert volume.restore(sha256=SHA256).failure is None
    assert volume.database == tree("a")


def test_the_hash_of_the_metadata_counts(volume: Volume) -> None:
    volume.origin.objects[METADATA] = metadata(sha256=OTHER_SHA256)
    error = error_of(volume)
    assert (error.reason, volume.database) == ("ArchiveHashMismatch", None)
    assert OTHER_SHA256 in error.what


MISMATCHES: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "hash of the metadata": (metadata(), {"metadata_sha256": OTHER_SHA256}, "MetadataHashMismatch"),
    "option and metadata": (metadata(sha256=OTHER_SHA256), {"sha256": SHA256}, "MetadataMismatch"),
    "size": (metadata(size=1), {}, "MetadataMismatch"),
    "cut": (b'{"schema": 1, ', {}, "MetadataMalformed"),
    "a page": (b"<html>", {"metadata": source_name.parse(METADATA)}, "MetadataMalformed"),
    "not there": (b"", {"metadata": source_name.parse("s3://bucket/none.json")}, "SourceNotFound"),
}


@pytest.mark.parametrize(("content", "options", "reason"), MISMATCHES.values(), ids=MISMATCHES.keys())
def test_what_does_not_belong_together_is_told_before_anything_is_removed(
    volume: Volume, content: bytes, options: dict[str, Any], reason: str
) -> None:
    volume.put("o")
    volume.origin.objects[METADATA] = content
    error = error_of(volume, **options)
    assert isinstance(error, ConfigurationError)
    assert error.reason == reason
    assert (volume.database, volume.marker, reads(volume)) == (tree("o"), None, 0)


def test_metadata_with_the_expected_hash_fit(volume: Volume) -> None:
    content = metadata(sha256=SHA256, size=len(A))
    volume.origin.objects[METADATA] = content
    volume.restore(metadata_sha256=hashlib.sha256(content).hexdigest(), sha256=SHA256)
    assert volume.database == tree("a")


def absent(volume: Volume) -> None:
    del volume


def hidden(volume: Volume) -> None:
    """As an object store answers those who may not list."""
    volume.origin.forbidden.add(METADATA)


def a_page(volume: Volume) -> None:
    """As some servers answer any address."""
    volume.origin.objects[METADATA] = b"\n<html>"


@pytest.mark.parametrize("without", [absent, hidden, a_page])
def test_metadata_that_nobody_named_may_be_missing(volume: Volume, without: Callable[[Volume], None]) -> None:
    without(volume)
    volume.restore()
    assert volume.database == tree("a")
    assert METADATA in volume.origin.asked


@pytest.mark.parametrize("without", [absent, hidden])
def test_metadata_of_which_a_hash_is_given_may_not(volume: Volume, without: Callable[[Volume], None]) -> None:
    without(volume)
    assert error_of(volume, metadata_sha256=OTHER_SHA256).reason in {"SourceNotFound", "SourceForbidden"}


def test_a_hash_is_no_warning(volume: Volume, caplog: pytest.LogCaptureFixture) -> None:
    volume.restore(sha256=SHA256)
    assert messages(caplog, logging.WARNING) == []


def test_without_any_hash_there_is_one_warning(volume: Volume, caplog: pytest.LogCaptureFixture) -> None:
    marker = volume.restore()
    assert messages(caplog, logging.WARNING) == [NO_HASH]
    assert marker.sha256 == SHA256, "of what was found"


def test_without_any_hash_there_is_one_warning_however_often_it_is_tried(
    volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    volume.origin.objects[URL] = A[: 2 * CHUNK_BYTES]
    assert error_of(volume).reason == "ArchiveDamaged"
    assert reads(volume) == 2
    assert messages(caplog, logging.WARNING).count(NO_HASH) == 1
