"""The real program fills a volume from a real server: how it ends, what it says, and what it never says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap_monitor.core.restore.marker import State
from bootstrap_monitor.errors import ExitCode
from tests.cli.restored import CONTENT, DATABASE, SHA256, Restored, assert_no_secret, messages
from tests.support import trees
from tests.support.archive_server import status


def test_a_volume_is_filled_once(restored: Restored) -> None:
    ended = restored.run(f"--sha256={SHA256}")
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert restored.database == DATABASE
    assert "Database restored" in messages(ended)
    assert restored.marker
    assert (restored.marker.state, restored.marker.source) == (State.RESTORED, restored.server.url)
    assert_no_secret(restored, ended)

    requests = len(restored.server.requests)
    again = restored.run(f"--sha256={SHA256}")
    assert (again.returncode, len(restored.server.requests)) == (ExitCode.DONE, requests)
    assert "The database is restored already" in messages(again)


def forbids(restored: Restored) -> None:
    restored.server.decide = lambda _request: status(403)


def has_none(restored: Restored) -> None:
    restored.server.decide = lambda _request: status(404)


def is_away(restored: Restored) -> None:
    restored.server.decide = lambda _request: status(503)


def gives_a_page(restored: Restored) -> None:
    restored.server.content = b"<html>Sign in</html>"


def gives_half(restored: Restored) -> None:
    restored.server.content = CONTENT[: len(CONTENT) // 2]


def has_a_foreign_database(restored: Restored) -> None:
    trees.make(restored.volume, {"db": {"CURRENT": b"theirs"}})


def has_no_volume(restored: Restored) -> None:
    restored.volume.rmdir()


def nothing(_restored: Restored) -> None:
    """All is well."""


ENDS: dict[str, tuple[Callable[[Restored], None], tuple[str, ...], ExitCode, str]] = {
    "forbidden": (forbids, (), ExitCode.CONFIGURATION, "SourceForbidden"),
    "not there": (has_none, (), ExitCode.CONFIGURATION, "SourceNotFound"),
    "away": (is_away, ("--retry-budget=1ms",), ExitCode.TRY_AGAIN, "SourceUnreachable"),
    "a page": (gives_a_page, (), ExitCode.CONFIGURATION, "ArchiveUnsupported"),
    "cut": (gives_half, (), ExitCode.CONFIGURATION, "ArchiveDamaged"),
    "another hash": (nothing, (f"--sha256={'0' * 64}",), ExitCode.CONFIGURATION, "ArchiveHashMismatch"),
    "too large": (nothing, ("--reserve=100000T",), ExitCode.CONFIGURATION, "ArchiveTooLarge"),
    "named metadata": (nothing, ("--metadata=/none.json",), ExitCode.CONFIGURATION, "SourceNotFound"),
    "foreign database": (has_a_foreign_database, (), ExitCode.CONFIGURATION, "TargetNotEmpty"),
    "no volume": (has_no_volume, (), ExitCode.TRY_AGAIN, "DataVolumeError"),
}


@pytest.mark.parametrize(("given", "words", "code", "reason"), ENDS.values(), ids=ENDS.keys())
def test_how_it_ends(
    restored: Restored, given: Callable[[Restored], None], words: tuple[str, ...], code: ExitCode, reason: str
) -> None:
    given(restored)
    ended = restored.run(*words)
    assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith(f"{reason}: ")
    assert "\nCheck: " in ended.stderr or "\nDo: " in ended.stderr
    assert (restored.folder / "termination").read_text().strip() == ended.stderr.strip()
    assert_no_secret(restored, ended)
    if given is not has_a_foreign_database:
        assert restored.database is None


def test_what_failed_is_refused_without_a_request(restored: Restored) -> None:
    words = f"--sha256={'0' * 64}"
    restored.run(words)
    requests = len(restored.server.requests)
    ended = restored.run(words)
    assert (ended.returncode, len(restored.server.requests)) == (ExitCode.CONFIGURATION, requests)
    assert ended.stderr.startswith("RestoreRefused: ")
    assert SHA256 in ended.stderr
    assert_no_secret(restored, ended)


def test_a_folder_that_is_not_ready(restored: Restored, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    ended = restored.run(source=str(tmp_path / "shared"))
    assert ended.returncode == ExitCode.TRY_AGAIN
    assert ended.stderr.startswith("SourceNotReady: ")
    trees.make(tmp_path / "shared", {"db": DATABASE})
    assert restored.run(source=f"file://{tmp_path / 'shared'}").returncode == ExitCode.DONE
    assert restored.database == DATABASE


@pytest.mark.parametrize("source", ["ftp://alice:wonderland@host/a.tar", "https://", "s3://bucket"])
def test_what_is_no_source_is_no_usage(restored: Restored, source: str) -> None:
    ended = restored.run(source=source)
    assert ended.returncode == ExitCode.USAGE
    assert "e.g. '" in ended.stderr
    assert_no_secret(restored, ended)
