from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.in_process import Ended, Invoke, program
from tests.cli.restored import CONTENT, Restored
from tests.cli.served import Served
from tests.support.archive_server import ArchiveServer
from tests.support.cluster_http import serve
from tests.support.rig import Rig


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str]) -> Invoke:
    """The program in this process, with these words."""

    def invoke(*words: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            program().main(list(words), "bootstrap-monitor")
        out, err = capsys.readouterr()
        return Ended(ended.value.code, out, err)

    return invoke


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A rig whose image is not pinned, and its API on a socket."""
    rig = Rig(tmp_path)
    rig.cluster.always("read_stateful_set", rig.cluster.observe)  # a controller that is quick
    with serve(rig.cluster) as server:
        yield Served(rig, tmp_path, server.url)


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[Restored]:
    """A volume to be filled, and a server of an archive that has no metadata."""
    with ArchiveServer(CONTENT) as server:
        yield Restored(server, tmp_path)
