"""The answer to one request is lost, whichever: the request was done, and nothing is done twice for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrap_monitor.errors import ExitCode, Terminated
from tests.support.cluster_http import serve
from tests.support.http_server import Request, Step, cut
from tests.support.kube_api import connect
from tests.support.manifests import PINNED, POD, details, template_image
from tests.support.rig import Rig

MOST_REQUESTS = 14
"""Of both runs of ``init`` in these tests."""


def losing(number: int) -> Callable[[Request], Step | None]:
    """The answer to this request, from 1, is cut."""
    left = number

    def lost(request: Request) -> Step | None:
        nonlocal left
        left -= 1
        return cut(b'{"kind":') if left == 0 else None

    return lost


@contextmanager
def served(rig: Rig, folder: Path, number: int) -> Iterator[Callable[[], ExitCode]]:
    """``init`` over a real socket; the answer to its n-th request of all is lost."""
    with serve(rig.cluster, losing(number)) as server:
        api = connect(folder, server.url, rig.clock)
        yield lambda: replace(rig.init(), api=api).run()


def _unpinned(folder: Path) -> Rig:
    return Rig(folder)


def _put_back(folder: Path) -> Rig:
    """The tag is back in mid-test."""
    rig = Rig(folder)
    rig.write_details(details())
    return rig


def _behind(folder: Path) -> Rig:
    rig = Rig(folder)
    rig.cluster.set_image(PINNED)
    return rig


every_way = pytest.mark.parametrize("make", [_unpinned, _put_back, _behind])


@every_way
def test_the_numbers_below_are_of_all_requests(make: Callable[[Path], Rig], tmp_path: Path) -> None:
    rig = make(tmp_path)
    with served(rig, tmp_path, 0) as init:
        with pytest.raises(Terminated):
            init()
        rig.cluster.settle()
        rig.clock.follow()
        init()
    assert len(rig.cluster.calls) <= MOST_REQUESTS


@every_way
@pytest.mark.parametrize("number", range(1, MOST_REQUESTS + 1))
def test_init_comes_to_the_same_end(make: Callable[[Path], Rig], number: int, tmp_path: Path) -> None:
    rig = make(tmp_path)
    with served(rig, tmp_path, number) as init:
        with pytest.raises(Terminated):
            init()
        assert list(rig.cluster.pods) == [POD], "no probe pod is left"
        assert sorted(rig.attempts()) in (["pin"], ["self-deletion"], ["pin", "self-deletion"]), "each is counted once"
        rig.cluster.settle()
        rig.clock.follow()
        assert init() is ExitCode.DONE
    assert template_image(rig.cluster.set) == PINNED
    assert (rig.read_details() or {})["image"] == PINNED
    assert rig.cluster.set["metadata"]["generation"] == 2
