"""Trouble on request, as a client meets it."""

from __future__ import annotations

import json

import httpx
import pytest

from e2e.clusters.local.api.faults import Cut, Fault
from e2e.clusters.local.api.http import Server
from e2e.clusters.local.api.verbs import Api
from tests.local.api.objects import PODS, pod


def test_a_status_for_so_many_requests(server: Server, http: httpx.Client) -> None:
    server.faults.add(Fault(status=429, retry_after="7", count=2, message="slow down"))
    for _ in range(2):
        response = http.get(PODS)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
        assert response.json()["reason"] == "TooManyRequests"
        assert response.json()["message"] == "slow down"
    assert http.get(PODS).status_code == 200


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Fault(status=500, verb="PATCH"), [200, 201]),
        (Fault(status=500, verb="create"), [200, 500]),
        (Fault(status=500, verb="GET"), [500, 201]),
        (Fault(status=500, verb="watch"), [200, 201]),
        (Fault(status=500, verb="list"), [500, 201]),
        (Fault(status=500, path="pods$"), [200, 500]),
        (Fault(status=500, path=r"limit=\d"), [500, 201]),
        (Fault(status=500, count=None), [500, 500]),
        (Fault(delay_seconds=0.01), [200, 201]),
    ],
)
def test_which_requests(server: Server, http: httpx.Client, fault: Fault, statuses: list[int]) -> None:
    server.faults.add(fault)
    assert [http.get(f"{PODS}?limit=1").status_code, http.post(PODS, json=pod()).status_code] == statuses


@pytest.mark.parametrize("cut", Cut)
def test_a_connection_that_is_cut(api: Api, server: Server, http: httpx.Client, cut: Cut) -> None:
    server.faults.add(Fault(cut=cut, verb="create"))
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(PODS, json=pod())
    assert len(api.list("Pod")["items"]) == (0 if cut is Cut.REQUEST else 1)
    assert http.get(PODS).status_code == 200


def test_a_watch_that_is_cut_after_its_first_event(api: Api, server: Server, http: httpx.Client) -> None:
    api.create(pod("a"))
    api.create(pod("b"))
    server.faults.add(Fault(cut=Cut.BODY, verb="watch"))
    with http.stream("GET", f"{PODS}?watch=true") as response:
        lines = response.iter_lines()
        assert json.loads(next(lines))["object"]["metadata"]["name"] == "a"
        with pytest.raises(httpx.RemoteProtocolError):
            next(lines)


def test_silence_lasts_until_the_client_goes(api: Api, server: Server, http: httpx.Client) -> None:
    server.faults.add(Fault(silent=True))
    with pytest.raises(httpx.ReadTimeout):
        http.post(PODS, json=pod(), timeout=0.1)
    assert api.list("Pod")["items"] == []


def test_silence_ends_with_the_server(server: Server, http: httpx.Client) -> None:
    server.faults.add(Fault(silent=True))
    with pytest.raises(httpx.ReadTimeout):
        http.get(PODS, timeout=0.1)
    server.stop()
    server.start()
    assert http.get(PODS).status_code == 200


def test_over_http(server: Server, http: httpx.Client) -> None:
    answer = http.post("/faults", json={"verb": "get", "cut": "answer", "count": 3})
    assert [one["cut"] for one in answer.json()["items"]] == ["answer"]
    assert server.faults.left() == answer.json()["items"] == http.get("/faults").json()["items"]
    assert http.delete("/faults").json() == {"items": []}


@pytest.mark.parametrize("body", ["[]", "{", '{"verbs": "get"}', '{"cut": "half"}', '{"path": "("}', '{"path": 1}'])
def test_what_is_no_fault(http: httpx.Client, body: str) -> None:
    assert http.post("/faults", content=body).status_code == 400
