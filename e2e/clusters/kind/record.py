"""What of the cluster is ours: written down before it is made, so that nothing of a cut-off start is forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

Part = Literal["cluster", "registry"]
Origin = Literal["making", "made", "taken"]


class Record:
    """A file of parts and where each is from."""

    def __init__(self, state: Path) -> None:
        self._file = state / "parts.json"

    def origin(self, part: Part) -> Origin | None:
        """``None``: not known here."""
        return self._parts().get(part)

    def note(self, part: Part, origin: Origin) -> None:
        self._write({**self._parts(), part: origin})

    def forget(self, part: Part) -> None:
        self._write({name: origin for name, origin in self._parts().items() if name != part})

    def ours(self, part: Part) -> bool:
        """Made, or begun, by us."""
        return self.origin(part) in {"making", "made"}

    def _parts(self) -> dict[Part, Origin]:
        try:
            parts: dict[Part, Origin] = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return parts

    def _write(self, parts: dict[Part, Origin]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps(parts), encoding="utf-8")
        temporary.rename(self._file)
