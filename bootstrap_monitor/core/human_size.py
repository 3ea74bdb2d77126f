"""Sizes for people, as ``du -h`` prints them."""

from __future__ import annotations

import math

_UNITS = "KMGTPE"


def human_size(size_bytes: int) -> str:
    """``512``, ``4.0K``, ``1.5G``, ``220M``: powers of 1024, rounded up, a decimal below ten."""
    if size_bytes < 1024:
        return str(size_bytes)
    size, unit = size_bytes / 1024, 0
    while math.ceil(size) >= 1024 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    tenths = math.ceil(size * 10)
    number = f"{tenths / 10:.1f}" if tenths < 100 else str(math.ceil(size))
    return number + _UNITS[unit]
