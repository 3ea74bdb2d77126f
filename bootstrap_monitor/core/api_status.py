"""From an unsuccessful answer of the Kubernetes API to an error that has only the fields of its ``Status``.

What is not a ``Status`` is never quoted: it can be an object with a Secret in it, or a proxy's page.
"""

from __future__ import annotations

from typing import Any

import orjson

from bootstrap_monitor.errors import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, NotFound

_MESSAGE_CHARACTERS = 1000
_REASON_CHARACTERS = 100
_CAUSES = 5


def api_error(what: str, status: int, body: bytes, *, retry_after_seconds: float | None = None) -> ApiError:
    """The error for an answer outside of 2xx to ``what`` (like ``get pod node-0``)."""
    answer = _status_object(body)
    reason = _text(answer.get("reason"), _REASON_CHARACTERS)
    parts = [
        f"{what}: HTTP {status}",
        reason,
        _text(answer.get("message"), _MESSAGE_CHARACTERS),
        _causes(answer),
    ]
    error = _class(status, reason)(
        " ".join(part for part in parts if part),
        status=status,
        reason=reason,
        retry_after_seconds=retry_after_seconds,
    )
    if isinstance(error, Forbidden):
        error.check = "the Role that is bound to the pod's ServiceAccount"
        error.do = "grant the verb that the message names"
    return error


def _class(status: int, reason: str) -> type[ApiError]:
    if status == 409:
        return AlreadyExists if reason == "AlreadyExists" else Conflict
    return {403: Forbidden, 404: NotFound, 400: Invalid, 413: Invalid, 422: Invalid}.get(status, ApiError)


def _status_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) and parsed.get("kind") == "Status" else {}


def _causes(status: dict[str, Any]) -> str:
    """Which fields are wrong, as far as the message does not say it (that of a 422 mostly does)."""
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    said = str(status.get("message"))
    texts = []
    for cause in causes if isinstance(causes, list) else []:
        if isinstance(cause, dict):
            pair = (_text(cause.get("field"), 200), _text(cause.get("message"), 200))
            if pair[1] not in said or pair[0] not in said:
                texts.append(": ".join(part for part in pair if part))
    return f"({'; '.join(texts[:_CAUSES])})" if texts else ""


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        return ""
    line = " ".join(value.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
