"""The real program, a real server of an archive, and a volume to fill from there."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bootstrap_monitor.core import names
from bootstrap_monitor.core.restore.marker import Marker, parse
from tests.cli.served import Ended
from tests.support import trees
from tests.support.archive_server import ArchiveServer, status
from tests.support.archives import file, tar
from tests.support.programs import Program, run, started

TABLE = Random(7).randbytes(3_000_000)
CONTENT = tar(file("db/CURRENT", b"MANIFEST-000001\n"), file("db/000001.ldb", TABLE))
DATABASE = {"CURRENT": b"MANIFEST-000001\n", "000001.ldb": TABLE}
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SECRETS = ("alice", "wonderland", "X-Signature", "5igned", "fr4gment")


@dataclass
class Restored:
    """A server, a volume, and the program."""

    server: ArchiveServer
    folder: Path
    volume: Path = field(init=False)

    def __post_init__(self) -> None:
        self.volume = self.folder / "filled"
        self.volume.mkdir()
        (self.folder / "termination").touch()  # as the kubelet does
        self.server.decide = lambda request: status(404) if request.path.endswith(".json") else None

    @property
    def secret_url(self) -> str:
        return self.server.url.replace("://", "://alice:wonderland@") + "?X-Signature=5igned#fr4gment"

    def words(self, *words: str, source: str | None = None) -> tuple[str, ...]:
        return ("restore", source or self.secret_url, f"--data-dir={self.volume}", "--reserve=0", *words)

    def variables(self) -> dict[str, Any]:
        return {
            "BOOTSTRAP_MONITOR_LOG_FORMAT": "json",
            "BOOTSTRAP_MONITOR_LOG_LEVEL": "debug",
            "BOOTSTRAP_MONITOR_TERMINATION_LOG": str(self.folder / "termination"),
        }

    def run(self, *words: str, source: str | None = None) -> Ended:
        return run(*self.words(*words, source=source), **self.variables())

    def start(self, *words: str) -> AbstractContextManager[Program]:
        return started(*self.words(*words), **self.variables())

    @property
    def database(self) -> object:
        folder = self.volume / "db"
        return trees.read(folder) if folder.exists() else None

    @property
    def marker(self) -> Marker | None:
        file = self.volume / names.RESTORE_MARKER
        return parse(file.read_bytes()) if file.exists() else None

    def all_said(self, ended: Ended) -> str:
        """On every way by which something can be told."""
        files = [self.folder / "termination", self.volume / names.RESTORE_MARKER]
        return ended.stdout + ended.stderr + "".join(file.read_text() for file in files if file.exists())


def messages(ended: Ended) -> list[str]:
    return [json.loads(line)["msg"] for line in ended.stdout.splitlines()]


def assert_no_secret(restored: Restored, ended: Ended) -> None:
    said = restored.all_said(ended)
    assert not [secret for secret in SECRETS if secret in said]
