"""How a request is refused: a status code and a `Status` body, in the words of a real API server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from e2e.clusters.local.api.objects import Json, Kind

Cause = tuple[str, str, str]


class ApiError(Exception):
    """A refusal. ``details`` as in the `Status` body: name, kind, group, uid, causes."""

    def __init__(self, status: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or {}

    def body(self) -> Json:
        """The `Status` object that a client gets."""
        status: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status |= {"message": self.message, "reason": self.reason}
        return status | ({"details": self.details} if self.details else {}) | {"code": self.status}


@dataclass(frozen=True)
class Refusals:
    """The refusals that concern one object."""

    kind: Kind
    name: str

    def _details(self, **more: object) -> Json:
        group = {"group": self.kind.group} if self.kind.group else {}
        return {"name": self.name, **group, "kind": self.kind.plural, **more}

    @property
    def _what(self) -> str:
        return f'{self.kind.qualified} "{self.name}"'

    def not_found(self) -> ApiError:
        return ApiError(404, "NotFound", f"{self._what} not found", self._details())

    def already_exists(self, *, terminating: bool = False) -> ApiError:
        message = (
            f"object is being deleted: {self._what} already exists" if terminating else f"{self._what} already exists"
        )
        return ApiError(409, "AlreadyExists", message, self._details())

    def conflict(self, why: str) -> ApiError:
        message = f"Operation cannot be fulfilled on {self._what}: {why}"
        return ApiError(409, "Conflict", message, self._details())

    def modified(self) -> ApiError:
        return self.conflict(
            "the object has been modified; please apply your changes to the latest version and try again"
        )

    def forbidden(self, why: str, *causes: Cause) -> ApiError:
        return ApiError(403, "Forbidden", f"{self._what} is forbidden: {why}", self._details(**_causes(causes)))

    def invalid(self, causes: Sequence[Cause]) -> ApiError:
        """Each cause: reason (`FieldValueRequired`), message, field."""
        told = [f"{field}: {message}" for _, message, field in causes]
        listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
        what = f'{self.kind.name}{"." if self.kind.group else ""}{self.kind.group} "{self.name}"'
        details = self._details(**_causes(causes)) | {"kind": self.kind.name}
        return ApiError(422, "Invalid", f"{what} is invalid: {listed}", details)


def _causes(causes: Sequence[Cause]) -> Json:
    return {"causes": [{"reason": reason, "message": message, "field": field} for reason, message, field in causes]}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def unknown_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
