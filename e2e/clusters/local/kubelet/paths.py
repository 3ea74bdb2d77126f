"""Paths of a container as paths of this machine: processes see no mounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


class Paths:
    """Where the mount paths of one container really are."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        self._places = {path.rstrip("/"): str(place) for path, place in places.items() if path.rstrip("/")}
        longest_first = sorted(self._places, key=len, reverse=True)
        mounted = "|".join(re.escape(path) for path in longest_first)
        # A whole path or the beginning of one, wherever in a text one may begin: `--flag=/data/x`, `>/data`.
        self._pattern = re.compile(rf"(?<![\w./~-])(?:{mounted})(?![\w.-])") if mounted else None

    def rewritten(self, text: str) -> str:
        """The text with each path that lies in a mount in its real place."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._places[found[0]], text)
