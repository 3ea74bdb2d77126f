"""What the node answered, or that it did not: either is a fact for the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson


@dataclass(frozen=True)
class HttpAnswer:
    """A complete HTTP answer, whatever its status and body are."""

    status: int
    body: bytes


@dataclass(frozen=True)
class NoAnswer:
    """No complete answer came; ``reason`` is a sentence for people."""

    reason: str


HealthAnswer: TypeAlias = HttpAnswer | NoAnswer


@dataclass(frozen=True, slots=True)
class HealthSample:
    """One look at ``/ext/health``."""

    healthy: bool
    bootstrapping: tuple[str, ...] | None = None
    """Subnets still to be bootstrapped (P, X and C share one), or chains; ``None``: the answer does not tell."""
    failing: tuple[str, ...] = ()
    """Names of the failing checks."""
    problem: str | None = None
    """Why there is no sample: ``NodeUnreachable: …`` or ``MalformedAnswer: …``."""

    def with_chains(self, bootstrapped: Mapping[str, bool | None]) -> HealthSample:
        """With what the chains themselves say, where the check did not tell; one that does not tell is no news."""
        if self.bootstrapping is not None or self.problem or any(told is None for told in bootstrapped.values()):
            return self
        return replace(self, bootstrapping=tuple(chain for chain, told in bootstrapped.items() if not told))

    @property
    def bootstrapped(self) -> bool:
        """Healthy with nothing left to bootstrap. "Healthy" alone does not say it."""
        return self.healthy and self.bootstrapping == ()


def sample(answer: HealthAnswer) -> HealthSample:
    """Read an answer of ``/ext/health``: 200 when healthy, 503 *with the same body* when not."""
    if isinstance(answer, NoAnswer):
        return HealthSample(False, problem=f"NodeUnreachable: {answer.reason}")
    if answer.status not in {200, 503}:
        return HealthSample(False, problem=f"MalformedAnswer: HTTP {answer.status}")
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return HealthSample(False, problem=f"MalformedAnswer: HTTP {answer.status} without a JSON body")
    if not isinstance(body, dict) or not isinstance(body.get("healthy"), bool):
        return HealthSample(False, problem="MalformedAnswer: no `healthy` in the body")
    checks = body.get("checks")
    checks = checks if isinstance(checks, dict) else {}
    return HealthSample(
        healthy=body["healthy"] and answer.status == 200,
        bootstrapping=_bootstrapping(checks.get("bootstrapped")),
        failing=tuple(sorted(name for name, check in checks.items() if isinstance(check, dict) and check.get("error"))),
    )


def _bootstrapping(check: Any) -> tuple[str, ...] | None:
    if not isinstance(check, dict) or "message" not in check:
        return None
    message = check["message"]
    if message is None and not check.get("error"):
        return ()  # Go's nil slice
    if isinstance(message, list) and all(isinstance(subnet, str) for subnet in message):
        return tuple(message)
    return None
