from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core.api_status import api_error
from bootstrap_monitor.errors import AlreadyExists, ApiError, Conflict, ExitCode, Forbidden, Invalid, NotFound


def status(**fields: Any) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure"} | fields).encode()


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", Invalid),
        (401, "Unauthorized", ApiError),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (409, "", Conflict),
        (410, "Expired", ApiError),
        (413, "RequestEntityTooLarge", Invalid),
        (422, "Invalid", Invalid),
        (422, "AlreadyExists", Invalid),
        (503, "ServiceUnavailable", ApiError),
    ],
)
def test_the_class_is_by_what_somebody_does_about_it(code: int, reason: str, kind: type[ApiError]) -> None:
    error = api_error("get pod p", code, status(reason=reason, message="m"), retry_after_seconds=3.0)

    assert type(error) is kind
    assert (error.status, error.reason, error.retry_after_seconds) == (code, reason or f"Http{code}", 3.0)


def test_the_text_has_the_message() -> None:
    error = api_error("get pod p", 404, status(reason="NotFound", message='pods "p"\nnot   found'))

    assert error.what == 'get pod p: HTTP 404 NotFound pods "p" not found'


def test_causes_that_the_message_lacks_are_added() -> None:
    causes = [
        {"field": "spec.a", "message": "Required value", "reason": "FieldValueRequired"},
        {"field": "spec.b", "message": "Too long"},
        {"message": "no field"},
        {"field": "spec.d"},
    ]
    body = status(reason="Invalid", message="invalid: spec.a: Required value", details={"causes": causes})

    error = api_error("create pod p", 422, body)

    assert error.what == (
        "create pod p: HTTP 422 Invalid invalid: spec.a: Required value (spec.b: Too long; no field; spec.d)"
    )


def test_causes_are_a_few() -> None:
    causes = [{"field": f"spec.f{number}", "message": "bad"} for number in range(50)]

    text = api_error("x", 422, status(details={"causes": causes})).what

    assert text.count("bad") == 5


def test_a_long_message_is_cut() -> None:
    text = api_error("x", 500, status(message="m" * 100_000, reason="r" * 1000)).what

    assert len(text) < 1200
    assert text.endswith("m…")


def test_a_missing_permission_needs_a_person() -> None:
    error = api_error("get pod p", 403, status(reason="Forbidden", message="cannot get resource"))

    assert error.exit_code is ExitCode.CONFIGURATION
    assert "\nCheck: the Role" in error.diagnostics()
    assert "\nDo: grant" in error.diagnostics()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hunter2</html>",
        b'{"kind": "Secret", "data": {"p": "hunter2"}, "message": "hunter2", "reason": "hunter2"}',
        b'["hunter2"]',
        b'"hunter2"',
        b'{"kind": "Status", "data": {"p": "hunter2"}, "details": {"hunter2": "hunter2"}}',
        b'{"kind": "Status", "message": "hunter2", ',
        b'{"kind": "Status", "message": ["hunter2"], "reason": {"hunter2": 1}, "details": ["hunter2"]}',
        b'{"kind": "Status", "details": {"causes": ["hunter2", ["hunter2"], {"field": ["hunter2"]}]}}',
        b'{"kind": "Status", "details": {"causes": "hunter2"}}',
    ],
)
def test_what_is_no_field_of_a_status_is_never_quoted(body: bytes) -> None:
    error = api_error("get pod p", 500, body)

    assert error.diagnostics() == "Http500: get pod p: HTTP 500"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.integers(300, 599), st.dictionaries(st.sampled_from(["message", "reason", "details"]), JSON))
def test_any_status_makes_an_error(code: int, fields: dict[str, Any]) -> None:
    assert api_error("x", code, status(**fields)).status == code
