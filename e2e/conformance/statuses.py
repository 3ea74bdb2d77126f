"""What the rows look at of a pod's status."""

from __future__ import annotations

from e2e.conformance.table import ABSENT, PRESENT, Like

TIME = Like(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
STATE = "status.containerStatuses.0.state"
INIT_STATE = "status.initContainerStatuses.0.state"
RUNS = {"status.phase": "Running"}
READY = {"status.conditions.type=Ready.status": "True"}


def condition(kind: str, status: str, reason: object = ABSENT) -> dict[str, object]:
    path = f"status.conditions.type={kind}"
    return {f"{path}.status": status, f"{path}.reason": reason}


def waiting(reason: str, state: str = STATE, message: object = PRESENT) -> dict[str, object]:
    return {f"{state}.waiting.reason": Like(f"^({reason})$"), f"{state}.waiting.message": message}


def ended(code: int, reason: str = "Error", state: str = STATE) -> dict[str, object]:
    return {f"{state}.terminated.exitCode": code, f"{state}.terminated.reason": reason}
