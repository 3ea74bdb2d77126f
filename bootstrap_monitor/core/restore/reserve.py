"""How much of the volume a restore leaves free."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Reserve(NamedTuple):
    """The larger of the two."""

    percent: float = 5.0
    least_bytes: int = 1 << 30

    def bytes_of(self, volume_bytes: int) -> int:
        """Of a volume of that size."""
        return max(int(volume_bytes * self.percent / 100), self.least_bytes)

    def __str__(self) -> str:
        return f"{self.percent:g} %, at least {self.least_bytes} bytes"


def parse(text: str) -> Reserve:
    """``5%`` of the volume, or a size: ``10Gi``, ``512M`` (powers of 1024), ``0``.

    :raises ValueError: it is neither.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:(%)|([KMGT]?)(?:i?B?))\s*", text, re.IGNORECASE)
    if not found or (found[2] and float(found[1]) >= 100):
        raise ValueError(f"{text!r} is neither a percentage below 100 nor a size, e.g. '5%' or '10Gi'")
    if found[2]:
        return Reserve(float(found[1]), 0)
    return Reserve(0.0, int(float(found[1]) * _UNITS[found[3].upper()]))
