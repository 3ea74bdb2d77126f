"""``init`` of the real program, with an archive and without."""

from __future__ import annotations

import json

from bootstrap_monitor.errors import ExitCode
from tests.cli.restored import DATABASE, SECRETS, SHA256, Restored
from tests.cli.served import Served
from tests.support import trees
from tests.support.manifests import NEXT, PINNED, details
from tests.support.programs import PROGRAM

HEAVY = ("isal", "lz4", "zstandard", "backports.zstd", "compression.zstd", "obstore", "httpx", "rich")
ARCHIVES = ("bootstrap_monitor.adapters.archive", "bootstrap_monitor.adapters.progress", "bootstrap_monitor.restore_w")
LOADED = f"""
import sys
import urllib3  # imports by itself what it finds for compressed answers
before = set(sys.modules)
from bootstrap_monitor import cli
try:
    cli.main()
finally:
    loaded = sorted(name for name in set(sys.modules) - before if name in {HEAVY} or name.startswith({ARCHIVES}))
    print("LOADED:", loaded, file=sys.stderr)
"""


def test_without_an_archive_init_imports_nothing_for_one(served: Served) -> None:
    served.pinned(PINNED)
    served.rig.write_details(details(NEXT))
    ended = served.run("init", python=("-c", LOADED))
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert "LOADED: []" in ended.stderr


def test_init_starts_a_test_from_an_archive(served: Served, restored: Restored) -> None:
    served.pinned(PINNED)
    served.rig.write_details(details(NEXT))
    archive = {
        "BOOTSTRAP_MONITOR_INITIAL_DB_ARCHIVE": restored.secret_url,
        "BOOTSTRAP_MONITOR_INITIAL_DB_SHA256": SHA256,
        "BOOTSTRAP_MONITOR_INITIAL_DB_RESERVE": "0",
        "BOOTSTRAP_MONITOR_LOG_LEVEL": "debug",
    }
    ended = served.run("init", python=PROGRAM, **archive)
    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert trees.read(served.rig.node_data / "db") == DATABASE
    written = served.rig.read_details()
    assert written
    assert written["fingerprint"]["initial_db_archive"] == restored.server.url
    said = ended.stdout + ended.stderr + json.dumps(written)
    assert not [secret for secret in SECRETS if secret in said]

    requests = len(restored.server.requests)
    assert served.run("init", python=PROGRAM, **archive).returncode == ExitCode.DONE
    assert len(restored.server.requests) == requests
