"""A database that is copied from a folder, of a shared volume for instance: only a whole one, and never two mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap_monitor import restore_wiring
from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore import source_name
from bootstrap_monitor.core.restore.marker import Marker, State
from bootstrap_monitor.core.restore.request import Request
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.test_config import SyncMode, TestConfig
from bootstrap_monitor.errors import ConfigurationError, MonitorError, SourceChanged, TransientError
from bootstrap_monitor.steps.restore_parts import Progress, Show
from bootstrap_monitor.steps.restoring import Restoring
from tests.support.clock import FakeClock

TEST = "0123456789abcdef"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    (folder / "db").mkdir(parents=True)
    (folder / "db/CURRENT").write_text("MANIFEST-000001\n")
    mark(folder, State.RESTORED)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def mark(folder: Path, state: State, source: str = "https://archives.example.com/a.tar") -> None:
    (folder / names.RESTORE_MARKER).write_bytes(Marker("other", state, source).encode())


def restoring(shared: Path, target: Path) -> Restoring:
    request = Request(source_name.parse(str(shared)), reserve=Reserve(0, 0))
    return restore_wiring.restoring(request, target, FakeClock())(target)


def refusal(of: Restoring) -> MonitorError:
    with pytest.raises(TransientError) as caught:
        of.run(TEST)
    return caught.value


def test_a_restored_one_is_copied_once(shared: Path, target: Path) -> None:
    assert restoring(shared, target).run(TEST).state is State.RESTORED
    assert (target / "db/CURRENT").read_text() == "MANIFEST-000001\n"
    (shared / "db/CURRENT").write_text("MANIFEST-000002\n")
    assert restoring(shared, target).run(TEST).state is State.RESTORED
    assert (target / "db/CURRENT").read_text() == "MANIFEST-000001\n"


@pytest.mark.parametrize("state", [State.RESTORING, State.FAILED])
def test_a_part_of_one_is_waited_for(shared: Path, target: Path, state: State) -> None:
    mark(shared, state)
    assert refusal(restoring(shared, target)).reason == "SourceNotReady"
    assert not (target / "db").exists()


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema":2,"state":"restored","test":"other","source":""}'])
def test_one_of_which_nobody_can_tell_is_waited_for(shared: Path, target: Path, content: bytes) -> None:
    (shared / names.RESTORE_MARKER).write_bytes(content)
    assert refusal(restoring(shared, target)).reason == "SourceNotReady"
    assert not (target / "db").exists()


def test_one_that_no_restore_has_put_there_is_copied(shared: Path, target: Path) -> None:
    (shared / names.RESTORE_MARKER).unlink()
    assert restoring(shared, target).run(TEST).state is State.RESTORED
    assert (target / "db/CURRENT").exists()


def test_an_empty_volume_is_waited_for(tmp_path: Path, target: Path) -> None:
    (tmp_path / "new/lost+found").mkdir(parents=True)
    assert refusal(restoring(tmp_path / "new", target)).reason == "SourceNotReady"


def test_one_that_cannot_be_read_is_no_bug(shared: Path, target: Path) -> None:
    """Like a folder of another owner, which whoever may do everything cannot try."""
    (shared / names.RESTORE_MARKER).unlink()
    (shared / names.RESTORE_MARKER).mkdir()
    assert refusal(restoring(shared, target)).reason == "SourceFailed"


def test_one_of_another_network_is_refused_untouched(shared: Path, target: Path) -> None:
    """A Job has read the archive's metadata; whoever copies reads the marker that it left."""
    marker = Marker("other", State.RESTORED, "https://archives.example.com/a.tar", network="mainnet")
    (shared / names.RESTORE_MARKER).write_bytes(marker.encode())
    config = TestConfig(network="fuji", sync_mode=SyncMode.FULL_SYNC, chain_config="", image="node", versions=None)
    with pytest.raises(ConfigurationError) as caught:
        restoring(shared, target).run(TEST, config)
    assert caught.value.reason == "ArchiveOfAnotherTest"
    assert not (target / "db").exists()


@pytest.mark.parametrize("theirs", ["cd" * 32, None])
def test_one_of_another_archive_is_waited_for(shared: Path, target: Path, theirs: str | None) -> None:
    marker = Marker("other", State.RESTORED, "https://archives.example.com/a.tar", sha256=theirs)
    (shared / names.RESTORE_MARKER).write_bytes(marker.encode())
    wanted = restoring(shared, target)
    error = refusal(replace(wanted, request=replace(wanted.request, sha256="ab" * 32)))
    assert (error.reason, (target / "db").exists()) == ("SourceNotReady", False)
    wanted = restoring(shared, target)
    if theirs:
        replace(wanted, request=replace(wanted.request, sha256=theirs)).run(TEST)
        assert (target / "db").exists()


def test_one_that_is_restored_anew_meanwhile_is_copied_again(shared: Path, target: Path) -> None:
    def replaced_by_another() -> None:
        (shared / "db/CURRENT").write_text("MANIFEST-000002\n")
        mark(shared, State.RESTORED, "https://archives.example.com/b.tar")

    done = replace(restoring(shared, target), show=after_copying(replaced_by_another)).run(TEST)
    assert done.state is State.RESTORED
    assert (target / "db/CURRENT").read_text() == "MANIFEST-000002\n"


def test_one_that_goes_on_changing_is_for_a_later_try(shared: Path, target: Path) -> None:
    restored = iter(range(10))

    def replaced_by_another() -> None:
        mark(shared, State.RESTORED, f"https://archives.example.com/{next(restored)}.tar")

    error = refusal(replace(restoring(shared, target), show=after_copying(replaced_by_another)))
    assert isinstance(error, SourceChanged)
    assert restoring(shared, target).run(TEST).state is State.RESTORED


def after_copying(act: Callable[[], None]) -> Show:
    @contextmanager
    def show(_what: str, _total_bytes: int | None) -> Iterator[Progress]:
        yield lambda _amounts: None
        act()

    return show
