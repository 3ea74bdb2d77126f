"""How far it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """So far. ``archive_bytes`` are those taken from the source, ``bytes_written`` the content of files."""

    archive_bytes: int
    bytes_written: int
    files: int
