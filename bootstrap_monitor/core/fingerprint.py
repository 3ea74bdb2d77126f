"""What makes two tests the same test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson

from bootstrap_monitor.core.image import ImageReference
from bootstrap_monitor.core.test_config import TestConfig


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The fields that somebody's intent changes. A change of one starts a new test and is named in the log.

    A new field needs an empty default: a file that lacks it names the same test, and results keep their hash.
    """

    image: str
    """The digest of the node's image, ``sha256:…``."""
    network: str
    sync_mode: str
    chain_config: str = ""
    """Canonical JSON; empty when none is given."""
    retest: str = ""
    """The nonce by which a person asks for the same test again."""

    def fields(self) -> dict[str, str]:
        """As written to the details file."""
        return asdict(self)

    def hash(self) -> str:
        """Names this configuration in results: equal for a test and its retests. 16 hexadecimal digits."""
        named = {name: value for name, value in self.fields().items() if value and name != "retest"}
        return hashlib.sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Change:
    """The first field in which two tests differ."""

    field: str
    before: str
    after: str

    @property
    def reason(self) -> str:
        """E.g. ``SyncModeChanged``."""
        return "".join(word.capitalize() for word in self.field.split("_")) + "Changed"


def first_change(recorded: Mapping[str, str], current: Fingerprint) -> Change | None:
    """Compare what the details file recorded with what the pod says, in the fields that both know.

    The retest nonce asks by a new value; taking it away asks for nothing.
    """
    for field, after in current.fields().items():
        before = recorded.get(field)
        if before is None or before == after or (field == "retest" and not after):
            continue
        return Change(field, before, after)
    return None


def of(config: TestConfig, image: ImageReference, retest: str | None) -> Fingerprint:
    """The fingerprint of a pinned image in a pod's configuration."""
    return Fingerprint(
        image=image.digest or "",
        network=config.network,
        sync_mode=str(config.sync_mode),
        chain_config=config.chain_config,
        retest=retest or "",
    )
