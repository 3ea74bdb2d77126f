"""A slow computation beside a loop."""

from __future__ import annotations

import threading

import pytest

from bootstrap_monitor.background import InThread

SECONDS = 60


def test_a_value_comes_when_it_is_there() -> None:
    go, gone = threading.Event(), threading.Event()

    def compute() -> int:
        assert go.wait(SECONDS)
        gone.set()
        return 42

    pending = InThread(compute)
    assert not pending.done()
    go.set()
    assert gone.wait(SECONDS)
    while not pending.done():
        pass
    assert pending.result() == 42


def test_an_error_comes_to_whoever_asks() -> None:
    def compute() -> int:
        raise OSError(5, "Input/output error")

    pending = InThread(compute)
    while not pending.done():
        pass
    with pytest.raises(OSError, match="Input/output error"):
        pending.result()
