from __future__ import annotations

import pytest

from bootstrap_monitor.core.command_line import command_first

TAKES_VALUE = {"--data-dir": True, "--log-format": True, "--dry-run": False}


@pytest.mark.parametrize(
    ("words", "ordered"),
    [
        ("", ""),
        ("init", "init"),
        ("init --data-dir /data", "init --data-dir /data"),
        ("--data-dir /data init", "init --data-dir /data"),
        ("--data-dir=/data init", "init --data-dir=/data"),
        ("--data-dir= init", "init --data-dir="),
        ("--dry-run init", "init --dry-run"),
        ("--dry-run --data-dir /data init --log-format json", "init --dry-run --data-dir /data --log-format json"),
        ("--data-dir init wait-for-completion", "wait-for-completion --data-dir init"),
        ("--data-dir --dry-run init", "init --data-dir --dry-run"),
        ("--help", "--help"),
        ("--help init", "--help init"),
        ("--data-dir /data --help init", "--data-dir /data --help init"),
        ("--unknown init", "--unknown init"),
        ("-- init", "-- init"),
        ("--data-dir", "--data-dir"),
        ("--data-dir /data", "--data-dir /data"),
        ("--dry-run", "--dry-run"),
    ],
)
def test_order(words: str, ordered: str) -> None:
    assert command_first(words.split(), TAKES_VALUE) == ordered.split()
