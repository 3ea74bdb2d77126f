"""Tokens of ServiceAccounts rotate: each request has the newest, also after a 401, and none is lost meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bootstrap_monitor.errors import ApiError
from bootstrap_monitor.timings import RETRY_ATTEMPTS
from tests.support.clock import FakeClock
from tests.support.http_server import Handler, ScriptedServer, answer
from tests.support.kube_api import status
from tests.support.kube_verbs import POD, RETRIED_VERBS, Verb
from tests.support.service_account import as_pod, rotate, tokens

UNAUTHORIZED = status(401, "Unauthorized")


def only(token: str, body: Any = POD) -> Callable[[Handler], None]:
    """A server to which every other token is outdated."""

    def step(handler: Handler) -> None:
        fine = handler.headers["Authorization"] == f"Bearer {token}"
        (answer(200, body) if fine else UNAUTHORIZED)(handler)

    return step


class KubeletClock(FakeClock):
    """While somebody sleeps, the kubelet does these, one a sleep."""

    def __init__(self, *acts: Callable[[], None]) -> None:
        super().__init__()
        self._acts = list(acts)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self._acts:
            self._acts.pop(0)()


def _empty(account: Path) -> None:
    rotate(account, "")


def _absent(account: Path) -> None:
    (account / "token").resolve().unlink()


def _not_text(account: Path) -> None:
    (account / "token").resolve().write_bytes(b"\xff\xff")


def _folder(account: Path) -> None:
    _absent(account)
    (account / "..data" / "token").mkdir()


def _link_to_nowhere(account: Path) -> None:
    shutil.rmtree((account / "..data").resolve())


DAMAGES = {
    "empty": _empty,
    "absent": _absent,
    "not text": _not_text,
    "a folder": _folder,
    "a link to nowhere": _link_to_nowhere,
}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def test_a_rotated_token_is_used_at_once(account: Path, clock: FakeClock) -> None:
    with ScriptedServer(answer(200, POD), tls=True) as server:
        kube = as_pod(server, account, clock)
        kube.get_pod("node-0")
        rotate(account, "second")
        kube.get_pod("node-0")

    assert tokens(server) == ["first", "second"]
    assert clock.sleeps == []


@pytest.mark.parametrize("verb", RETRIED_VERBS.values(), ids=RETRIED_VERBS)
def test_a_token_refused_is_read_anew_by_the_next_attempt(verb: Verb, account: Path) -> None:
    clock = KubeletClock(lambda: rotate(account, "second"))
    with ScriptedServer(only("second", verb.answer), tls=True) as server:
        assert verb.call(as_pod(server, account, clock)) == verb.result

    assert tokens(server) == ["first", "second"]


@every_damage
def test_a_token_that_cannot_be_read_leaves_the_last(
    damage: Callable[[Path], None], account: Path, clock: FakeClock
) -> None:
    with ScriptedServer(answer(200, POD), tls=True) as server:
        kube = as_pod(server, account, clock)
        kube.get_pod("node-0")
        damage(account)
        assert kube.get_pod("node-0") == POD

    assert tokens(server) == ["first", "first"]


@every_damage
def test_a_token_refused_and_damaged_is_read_once_it_is_whole(damage: Callable[[Path], None], account: Path) -> None:
    clock = KubeletClock(lambda: damage(account), lambda: rotate(account, "second"))
    with ScriptedServer(only("second"), tls=True) as server:
        assert as_pod(server, account, clock).get_pod("node-0") == POD

    assert tokens(server) == ["first", "first", "second"]


def test_a_token_that_stays_refused_is_an_error_until_a_later_call(account: Path, clock: FakeClock) -> None:
    with ScriptedServer(only("second"), tls=True) as server:
        kube = as_pod(server, account, clock)
        with pytest.raises(ApiError) as caught:
            kube.get_pod("node-0")
        rotate(account, "second")
        assert kube.get_pod("node-0") == POD

    assert (caught.value.status, caught.value.transient) == (401, True)
    assert tokens(server) == ["first"] * RETRY_ATTEMPTS + ["second"]
