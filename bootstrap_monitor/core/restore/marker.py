"""The marker on the volume: which restore its database comes from, and whether that is whole.

A database without a marker was not restored, or its test has begun: then the details file speaks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.core.restore import identity as identities
from bootstrap_monitor.core.restore.identity import Identity

SCHEMA = 1


class State(StrEnum):
    """How far the restore is."""

    RESTORING = "restoring"
    """Begun: what is there is a part."""
    RESTORED = "restored"
    """All of it is there, durable and verified."""
    FAILED = "failed"
    """Given up: what was there is removed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the archive cannot be restored. ``inputs`` are those it holds for, ``times`` how often in a row."""

    reason: str
    what: str
    inputs: str
    times: int


@dataclass(frozen=True, slots=True)
class Marker:
    """``test`` is what it is restored for; ``source`` is for people, without credentials."""

    test: str
    state: State
    source: str
    identity: Identity = field(default_factory=Identity)
    """Of the archive, as it was resolved when the restore began."""
    sha256: str | None = None
    """What is expected; of a restored one, what was found."""
    network: str | None = None
    sync_mode: str | None = None
    """What the archive's metadata say; held to the test's also by who copies the database from here."""
    checkpoint: JsonObject | None = None
    """From where a later process goes on; None: from the start."""
    failure: Failure | None = None

    def encode(self) -> bytes:
        """The file's content."""
        known: JsonObject = {
            "schema": SCHEMA,
            "state": str(self.state),
            "test": self.test,
            "source": self.source,
            "identity": self.identity.json(),
            "sha256": self.sha256,
            "network": self.network,
            "syncMode": self.sync_mode,
            "checkpoint": self.checkpoint,
            "failure": self.failure and asdict(self.failure),
        }
        return orjson.dumps({key: value for key, value in known.items() if value is not None})


def parse(content: bytes | None) -> Marker | None:
    """What the file says. ``None`` where it is absent, damaged or of another release: nobody's restore goes on then."""
    try:
        document = orjson.loads(content or b"")
        if document["schema"] != SCHEMA:
            return None
        checkpoint = document.get("checkpoint")
        return Marker(
            test=str(document["test"]),
            state=State(document["state"]),
            source=str(document["source"]),
            identity=identities.of_json(document.get("identity") or {}),
            sha256=_text(document.get("sha256")),
            network=_text(document.get("network")),
            sync_mode=_text(document.get("syncMode")),
            checkpoint=checkpoint if isinstance(checkpoint, dict) else None,
            failure=_failure(document.get("failure")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _failure(document: Any) -> Failure | None:
    return Failure(**{**document, "times": int(document["times"])}) if document else None
