"""What the workers of one test run share: a folder, and set-up that is done once."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from e2e.kit.api import Json

VARIABLE = "BOOTSTRAP_MONITOR_E2E_SESSION"
ALIVE = "alive"
LABEL = "bootstrap-monitor-e2e-session"


class SetUpError(Exception):
    """Set-up that another worker tried has failed."""


@dataclass(frozen=True)
class Session:
    """One run of pytest, with all its workers."""

    folder: Path

    @classmethod
    def begin(cls) -> Self:
        """Workers inherit the variable."""
        # Its name is a label too, which cannot end in the underscore that a random name may end in.
        begun = cls(Path(tempfile.mkdtemp(prefix="e2e-", suffix="-run")))
        os.environ[VARIABLE] = str(begun.folder)
        # Held as long as this process lives; whoever can take it knows that the run was broken off.
        fcntl.flock(os.open(begun.folder / ALIVE, os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)
        return begun

    @classmethod
    def join(cls) -> Self:
        return cls(Path(os.environ[VARIABLE]))

    @staticmethod
    def is_alive(label: str) -> bool:
        """Whether the run whose namespaces carry this label goes on."""
        try:
            with (Path(tempfile.gettempdir()) / label / ALIVE).open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def end(self) -> None:
        shutil.rmtree(self.folder)
        del os.environ[VARIABLE]

    @property
    def labels(self) -> dict[str, str]:
        """Of all namespaces of this run."""
        return {LABEL: self.folder.name}

    def once(self, name: str, make: Callable[[], Json]) -> Json:
        """What the first caller made; the others wait for it. A failure is everybody's."""
        made = self.folder / f"{name}.json"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                try:
                    content = {"made": make()}
                except BaseException as error:
                    made.write_text(json.dumps({"error": repr(error)}))
                    raise
                made.write_text(json.dumps(content))
        found: Json = json.loads(made.read_text())
        if "error" in found:
            raise SetUpError(f"{name}: {found['error']}")
        result: Json = found["made"]
        return result
