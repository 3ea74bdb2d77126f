from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core import health, metrics
from bootstrap_monitor.core.health import HealthSample, HttpAnswer, NoAnswer
from bootstrap_monitor.core.json import JsonObject

PRIMARY = "11111111111111111111111111111111LpoYY"
CHECKED = {"timestamp": "2024-05-08T12:00:00.5Z", "duration": 5083}
FAILED = {"contiguousFailures": 3, "timeOfFirstFailure": "2024-05-08T11:00:00Z"}


def checks(bootstrapped: Any = (), **more: JsonObject) -> JsonObject:
    """The checks of a node on its way, or at its end."""
    message = list(bootstrapped) if isinstance(bootstrapped, tuple) else bootstrapped
    trouble = {"error": "subnets not bootstrapped", **FAILED} if message else {}
    chain = {"error": "chain not bootstrapped", **FAILED} if message else {}
    height = {} if message else {"consensus": {"lastAcceptedHeight": 30}}
    return {
        "C": {"message": {"engine": {"consensus": {}, **height}}, **chain, **CHECKED},
        "bootstrapped": {"message": message, **trouble, **CHECKED},
        "database": {**CHECKED},
        "diskspace": {"message": {"availableDiskBytes": 10**12}, **CHECKED},
        **more,
    }


def answer(status: int, healthy: Any, checks: Any) -> HttpAnswer:
    return HttpAnswer(status, json.dumps({"checks": checks, "healthy": healthy}).encode())


BOOTSTRAPPED = answer(200, True, checks())
DISK = {"error": "remaining available disk space (9.9%) is below", **FAILED}
NOT_YET_RUN = {"error": "not yet run", **FAILED}


@pytest.mark.parametrize(
    ("answered", "sample"),
    [
        pytest.param(BOOTSTRAPPED, HealthSample(True, ()), id="healthy"),
        pytest.param(
            answer(503, False, checks((PRIMARY,))),
            HealthSample(False, (PRIMARY,), ("C", "bootstrapped")),
            id="bootstrapping",
        ),
        pytest.param(
            answer(503, False, checks(diskspace=DISK)), HealthSample(False, (), ("diskspace",)), id="another trouble"
        ),
        pytest.param(answer(200, True, checks(None)), HealthSample(True, ()), id="nil list"),
        pytest.param(
            answer(503, False, {"bootstrapped": NOT_YET_RUN}),
            HealthSample(False, None, ("bootstrapped",)),
            id="not yet run",
        ),
        pytest.param(
            answer(503, False, {"bootstrapped": {"message": None, **NOT_YET_RUN}}),
            HealthSample(False, None, ("bootstrapped",)),
            id="nil list with an error",
        ),
        pytest.param(answer(200, True, {}), HealthSample(True), id="no `bootstrapped`"),
        pytest.param(answer(200, True, None), HealthSample(True), id="no checks"),
        pytest.param(answer(200, True, {"bootstrapped": []}), HealthSample(True), id="`bootstrapped` is a list"),
        pytest.param(answer(200, True, checks("P")), HealthSample(True, None, ("C", "bootstrapped")), id="a text"),
        pytest.param(answer(200, True, checks([7])), HealthSample(True, None, ("C", "bootstrapped")), id="numbers"),
        pytest.param(answer(503, True, checks()), HealthSample(False, ()), id="503 that says healthy"),
        pytest.param(answer(200, False, checks()), HealthSample(False, ()), id="200 that says unhealthy"),
    ],
)
def test_the_nodes_answers(answered: HttpAnswer, sample: HealthSample) -> None:
    assert health.sample(answered) == sample


@pytest.mark.parametrize(
    ("answered", "problem"),
    [
        pytest.param(NoAnswer("connection refused"), "NodeUnreachable: connection refused", id="none"),
        pytest.param(
            HttpAnswer(503, b"<html>Service Unavailable</html>"),
            "MalformedAnswer: HTTP 503 without a JSON body",
            id="503 with HTML",
        ),
        pytest.param(HttpAnswer(503, b""), "MalformedAnswer: HTTP 503 without a JSON body", id="503 without a body"),
        pytest.param(HttpAnswer(200, b"\xff\x00"), "MalformedAnswer: HTTP 200 without a JSON body", id="200, bytes"),
        pytest.param(HttpAnswer(200, b"ok"), "MalformedAnswer: HTTP 200 without a JSON body", id="200, text"),
        pytest.param(HttpAnswer(200, b"[]"), "MalformedAnswer: no `healthy` in the body", id="200, list"),
        pytest.param(HttpAnswer(200, b"{}"), "MalformedAnswer: no `healthy` in the body", id="200, empty"),
        pytest.param(answer(200, "true", checks()), "MalformedAnswer: no `healthy` in the body", id="healthy as text"),
        pytest.param(HttpAnswer(403, BOOTSTRAPPED.body), "MalformedAnswer: HTTP 403", id="403"),
        pytest.param(HttpAnswer(502, BOOTSTRAPPED.body), "MalformedAnswer: HTTP 502", id="502"),
        pytest.param(HttpAnswer(204, b""), "MalformedAnswer: HTTP 204", id="204"),
    ],
)
def test_no_sample(answered: HttpAnswer | NoAnswer, problem: str) -> None:
    assert health.sample(answered) == HealthSample(False, problem=problem)


@given(st.sampled_from([200, 503]), st.binary())
def test_no_body_raises(status: int, body: bytes) -> None:
    assert not health.sample(HttpAnswer(status, body)).bootstrapped
    metrics.marks(HttpAnswer(200, body))


DONE, ON_ITS_WAY = HealthSample(True, ()), HealthSample(False, (PRIMARY,), ("bootstrapped",))


@pytest.mark.parametrize(
    ("sample", "bootstrapped"),
    [
        pytest.param(DONE, True, id="healthy with nothing left"),
        pytest.param(HealthSample(True, (PRIMARY,)), False, id="healthy with something left"),
        pytest.param(HealthSample(True, None), False, id="healthy, not told what is left"),
        pytest.param(HealthSample(False, ()), False, id="nothing left, not healthy"),
    ],
)
def test_bootstrapped(sample: HealthSample, bootstrapped: bool) -> None:
    assert sample.bootstrapped is bootstrapped
