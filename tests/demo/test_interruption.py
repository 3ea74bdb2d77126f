from __future__ import annotations

import signal

import pytest

from e2e.demo.interruption import ENDS
from tests.support.programs import run

IN_A_FINALIZER = """
thing = type("Thing", (), {})()
ref = weakref.ref(thing, lambda _: signal.raise_signal(number))
del thing
signal.pause()
"""


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("where", ["signal.raise_signal(number)", IN_A_FINALIZER], ids=["anywhere", "in a finalizer"])
def test_it_ends_wherever_it_is_met(number: signal.Signals, where: str) -> None:
    begin = (
        f"import signal, weakref\nfrom e2e.demo import interruption\ninterruption.install()\nnumber = {int(number)}\n"
    )
    ended = run(python=("-c", begin + where))
    assert (ended.returncode, ended.stderr) == (128 + number, "")
