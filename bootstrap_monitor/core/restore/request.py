"""What is to be restored and how, as the options say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

import orjson

from bootstrap_monitor.core.archive.format import Format
from bootstrap_monitor.core.restore.reserve import Reserve
from bootstrap_monitor.core.restore.source_name import SourceName


@dataclass(frozen=True, slots=True)
class Request:
    """One restore. Without ``metadata`` the file beside the archive is taken, if there is one."""

    source: SourceName
    metadata: SourceName | None = None
    sha256: str | None = None
    """Of the archive; 64 lower-case hexadecimal digits."""
    metadata_sha256: str | None = None
    format: Format | None = None
    strip: int | None = None
    """Leading parts of members' paths to drop; None: the archive's ``db/`` becomes the node's."""
    staging_dir: str | None = None
    reserve: Reserve = field(default_factory=Reserve)
    connections: int = 4
    read_stall: timedelta = timedelta(minutes=2)
    retry_budget: timedelta = timedelta(minutes=30)

    def inputs(self, volume_bytes: int | None = None) -> str:
        """Names what a failure holds for: the same inputs would fail again. 16 hexadecimal digits.

        Signatures in addresses, which rotate, are none of them. ``volume_bytes`` is the volume's size, where room
        was what failed.
        """
        named = (
            self.source.shown,
            self.metadata and self.metadata.shown,
            self.sha256,
            self.metadata_sha256,
            self.format,
            self.strip,
            None if volume_bytes is None else (volume_bytes, str(self.reserve)),
        )
        return hashlib.sha256(orjson.dumps(named)).hexdigest()[:16]
