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
    initial_db_archive: str = ""
    """The archive that the database is restored from, without credentials; empty for a bootstrap from nothing."""

    def fields(self) -> dict[str, str]:
        """As written to the details file."""
        return asdict(self)

    def test(self) -> str:
        """Names this very test, of the same configuration's retests one. 16 hexadecimal digits."""
        return _hash(self.fields())

    def hash(self) -> str:
        """Names this configuration in results: equal for a test and its retests. 16 hexadecimal digits."""
        return _hash({name: value for name, value in self.fields().items() if name != "retest"})


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


def of(config: TestConfig, image: ImageReference, retest: str | None, *, initial_db_archive: str = "") -> Fingerprint:
    """The fingerprint of a pinned image in a pod's configuration."""
    return Fingerprint(
        image=image.digest or "",
        network=config.network,
        sync_mode=str(config.sync_mode),
        chain_config=config.chain_config,
        retest=retest or "",
        initial_db_archive=initial_db_archive,
    )


def _hash(named: Mapping[str, str]) -> str:
    known = {name: value for name, value in named.items() if value}
    return hashlib.sha256(orjson.dumps(known, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
