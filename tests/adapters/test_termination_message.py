from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.adapters import termination_message
from tests.support.unprivileged import unprivileged


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "termination-log"
    path.write_bytes(b"an older and longer message")
    return path


def test_the_message_replaces_what_was_there(path: Path) -> None:
    termination_message.write("Check: the Röle", str(path))

    assert path.read_text() == "Check: the Röle"


@given(st.text(min_size=1, max_size=20), st.integers(0, 3), st.integers(0, 5000))
def test_a_long_message_is_cut_between_characters(
    tmp_path_factory: pytest.TempPathFactory, piece: str, shift: int, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "termination-log"
    path.touch()
    text = "a" * shift + (piece * length)[:length]

    termination_message.write(text, str(path))

    written = path.read_bytes()
    assert len(written) <= termination_message.LIMIT_BYTES
    assert text.startswith(written.decode())
    assert len(written) > termination_message.LIMIT_BYTES - 4 or written.decode() == text


def test_the_environment_names_another_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_MONITOR_TERMINATION_LOG", str(path))

    termination_message.write("Check: the Röle")

    assert path.read_text() == "Check: the Röle"


def test_what_is_no_unicode_is_replaced(path: Path) -> None:
    termination_message.write("file \udcff", str(path))

    assert path.read_bytes() == b"file ?"


def test_no_file_is_made_outside_of_a_container(tmp_path: Path) -> None:
    termination_message.write("message", str(tmp_path / "termination-log"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "read-only"])
def test_a_failure_is_passed_over(kind: str, tmp_path: Path, path: Path) -> None:
    path.chmod(0o444)

    with unprivileged():
        termination_message.write("message", str(tmp_path if kind == "folder" else path))

    assert path.read_bytes() == b"an older and longer message"
