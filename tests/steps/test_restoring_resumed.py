"""A restore that was cut: where the next process, or the next try, goes on; and never with bytes of two archives."""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core.restore.identity import Identity
from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.errors import ExitCode, SourceChanged, TransientError
from tests.support.origin import CHUNK_BYTES, METADATA, URL, A, B, Origin, Volume, metadata, tree
from tests.support.rig import messages

STAGED = pytest.mark.parametrize("staged", [False, True], ids=["streamed", "staged"])
AT = 3 * CHUNK_BYTES


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path, Origin({URL: A}))


def away(_address: str, position: int) -> None:
    if position == AT:
        raise TransientError("the source is away", reason="SourceUnreachable")


def cut(volume: Volume, *, staged: bool) -> None:
    """A process that ends in the archive's middle."""
    volume.origin.before_chunk = away
    with pytest.raises(TransientError):
        volume.restore(staged=staged)
    volume.origin.before_chunk = lambda _address, _position: None
    assert volume.state is State.RESTORING
    volume.origin.starts.clear()


def replacing(volume: Volume, *contents: bytes) -> Callable[[str, int], None]:
    """In the middle of each reading, as long as there are others."""
    left = list(contents)

    def replace(_address: str, position: int) -> None:
        if position == AT and left:
            volume.origin.objects[URL] = left.pop(0)

    return replace


@pytest.mark.parametrize(
    ("staged", "start", "said"),
    [
        (False, 0, "The restore starts over: there is no frame to go on from"),
        (True, AT, "The restore starts over, with what is downloaded already"),
    ],
    ids=["streamed", "staged"],
)
def test_a_later_process_goes_on(
    volume: Volume, caplog: pytest.LogCaptureFixture, *, staged: bool, start: int, said: str
) -> None:
    cut(volume, staged=staged)
    volume.restore(staged=staged)
    assert volume.origin.starts == [(URL, start)]
    assert volume.database == tree("a")
    assert not volume.staged.exists()
    assert [message for message in caplog.messages if "starts over" in message] == [said]


def test_a_download_that_is_whole_is_not_read_again(volume: Volume) -> None:
    volume.mark(State.RESTORING, identity=volume.origin.identity_of(URL))
    volume.staging.mkdir()
    volume.staged.write_bytes(A)
    volume.restore(staged=True)
    assert (volume.origin.starts, volume.database) == ([], tree("a"))


@STAGED
@pytest.mark.parametrize("ranged", [False, True], ids=["whole", "ranges"])
def test_frames_that_cannot_be_had_are_read_as_a_whole(volume: Volume, *, staged: bool, ranged: bool) -> None:
    content = gzip.compress(A)
    frame = {"offset": 0, "length": len(content), "sha256": hashlib.sha256(content).hexdigest(), "tarOffset": 0}
    about = {"size": len(content), "uncompressedSize": len(A)}
    volume.origin.objects = {URL: content, METADATA: metadata(**about, frames=[frame])}
    volume.origin.ranged = ranged
    volume.restore(staged=staged)
    assert (volume.state, volume.database) == (State.RESTORED, tree("a"))


@STAGED
def test_an_archive_that_was_replaced_between_two_processes(
    volume: Volume, caplog: pytest.LogCaptureFixture, *, staged: bool
) -> None:
    cut(volume, staged=staged)
    volume.origin.objects[URL] = B
    marker = volume.restore(staged=staged)
    assert volume.origin.starts == [(URL, 0)]
    assert volume.database == tree("b")
    assert marker.identity == volume.origin.identity_of(URL)
    assert "The archive was replaced at its source: the restore starts over" in messages(caplog, logging.WARNING)


@STAGED
def test_an_archive_that_is_replaced_while_it_is_read(
    volume: Volume, caplog: pytest.LogCaptureFixture, *, staged: bool
) -> None:
    volume.origin.before_chunk = replacing(volume, B)
    marker = volume.restore(staged=staged)
    assert volume.origin.starts == [(URL, 0), (URL, 0)]
    assert volume.database == tree("b")
    assert marker.identity == volume.origin.identity_of(URL)
    assert f"The restore starts over: {URL} was replaced" in messages(caplog, logging.WARNING)


@STAGED
def test_one_that_goes_on_being_replaced_is_for_a_later_process(volume: Volume, *, staged: bool) -> None:
    volume.origin.before_chunk = replacing(volume, B, A, B)
    with pytest.raises(SourceChanged) as caught:
        volume.restore(staged=staged)
    assert (caught.value.reason, caught.value.exit_code) == ("SourceChanged", ExitCode.TRY_AGAIN)
    assert volume.origin.starts == [(URL, 0)] * 3
    assert volume.state is State.RESTORING
    volume.origin.starts.clear()
    volume.restore(staged=staged)
    assert (volume.origin.starts, volume.database) == ([(URL, 0)], tree("b"))


def test_metadata_that_change_while_they_are_read_are_read_again(volume: Volume) -> None:
    volume.origin.objects[METADATA] = metadata(network="fuji")
    volume.origin.before_chunk = lambda address, _position: (
        volume.origin.objects.update({METADATA: metadata()}) if address == METADATA else None
    )
    volume.restore()
    assert volume.database == tree("a")


def test_a_download_that_is_longer_than_the_archive_is_not_gone_on_with(volume: Volume) -> None:
    volume.mark(State.RESTORING, identity=volume.origin.identity_of(URL))
    volume.staging.mkdir()
    volume.staged.write_bytes(A + b"more")
    volume.restore(staged=True)
    assert volume.database == tree("a")


def test_what_nothing_proves_the_same_is_not_gone_on_with(volume: Volume) -> None:
    """The server told a time before, and tells a tag now."""
    volume.mark(State.RESTORING, identity=Identity(len(A), None, "Mon, 05 Jan 2026 00:00:00 GMT"))
    volume.staging.mkdir()
    volume.staged.write_bytes(B[:AT])
    volume.restore(staged=True)
    assert volume.database == tree("a")


def test_what_cannot_be_known_again_is_not_gone_on_with(volume: Volume) -> None:
    """Of a server that gives neither ETag nor Last-Modified."""
    volume.origin.etags[URL] = ""
    volume.mark(State.RESTORING, identity=Identity(len(A)))
    volume.staging.mkdir()
    volume.staged.write_bytes(B[:AT])
    volume.restore(staged=True)
    assert volume.database == tree("a")
