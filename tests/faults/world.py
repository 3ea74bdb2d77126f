"""A rig whose ``init`` is a real process: its API server on a socket, its volume a folder, its kubelet this module."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap_monitor.core import names
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ExitCode
from tests.support import watched
from tests.support.cluster_http import serve
from tests.support.kube_api import kubeconfig
from tests.support.manifests import NAMESPACE, NODE, PINNED, POD, PROBE, pod_image, template_image
from tests.support.rig import NODE_FILES, Rig

RUN_SECONDS = 120
MOST_RUNS = 6
SIGKILLED = -signal.SIGKILL


@dataclass
class World:
    """One rig.

    ``image`` is the test that the node shall run; ``keeps_data`` tells whether the volume holds that test's data,
    which must stay (``None``: it may have been cleared by now, but not in part).
    """

    rig: Rig
    folder: Path
    image: str = PINNED
    keeps_data: bool | None = False
    mend: Callable[[World], None] = lambda world: None
    """What a person does after a run that failed."""
    meanwhile: Callable[[World], None] = lambda world: None
    """What a person does after the kill."""
    ends_with: ExitCode = ExitCode.TRY_AGAIN
    """With what a run that failed has ended."""
    environment: dict[str, str] = field(default_factory=dict)
    restored: dict[str, str] | None = None
    """What an archive brings to the volume, where the test starts from one."""
    effects: list[list[str]] = field(default_factory=list)
    """What each run did, as ``<moment> <effect>``."""
    codes: list[int] = field(default_factory=list)

    def converge(self, kill: str = "") -> None:
        """Run ``init`` as the kubelet does until the node may start; the first run is killed as told."""
        with self._served() as config:
            while True:
                code = self._init(config, kill)
                self.codes.append(code)
                if code == ExitCode.DONE:
                    break
                assert len(self.codes) < MOST_RUNS, f"it does not converge: {self.codes}"
                if kill:
                    assert code == SIGKILLED, f"not killed: {self.codes}"
                    self.meanwhile(self)
                elif code != ExitCode.TERMINATED:
                    assert code == self.ends_with, self.codes
                    self.mend(self)
                kill = ""
                self.rig.cluster.settle()
        self.check()

    def check(self) -> None:
        """What holds whenever the node starts."""
        cluster = self.rig.cluster
        assert template_image(cluster.set) == self.image
        assert pod_image(cluster.pod) == self.image
        details = self.rig.read_details()
        assert details
        assert details["image"] == self.image
        assert not list(self.rig.volume.glob(".*")), "a file of our own is left"
        if self.restored is not None:
            assert self.rig.files() == self.restored
            assert not list(self.folder.glob("staging/*")), "the download is left"
            assert details["initialDbArchive"]["source"]
            return
        data = [text for path, text in self.rig.files().items() if path != names.DETAILS_SET_ASIDE]
        assert set(data) <= {self.image}, "the node starts on another test's data"
        assert len(data) in {0, len(NODE_FILES)}, "the node starts on a part of its data"
        if self.keeps_data is not None:
            assert bool(data) == self.keeps_data
        assert set(cluster.pods) <= {POD, PROBE}
        assert [item["name"] for item in cluster.set["spec"]["template"]["spec"]["containers"]] == ["monitor", NODE]

    def _init(self, config: Path, kill: str) -> int:
        record = self.folder / f"effects-{len(self.effects)}"
        record.touch()
        environment = {
            **os.environ,
            "KUBECONFIG": str(config),
            "POD_NAMESPACE": NAMESPACE,
            "POD_NAME": POD,
            "BOOTSTRAP_MONITOR_NODE_CONTAINER_NAME": NODE,
            "BOOTSTRAP_MONITOR_DATA_DIR": str(self.rig.volume),
            **self.environment,
        }
        process = watched.start(["init"], environment, self.folder / "log", record, kill)
        if not kill:  # else SIGTERM may come before the moment of the kill
            self.rig.cluster.on_delete = lambda pod: process.terminate()
        try:
            process.join(RUN_SECONDS)
            code = process.exitcode
            assert code is not None, f"it has not ended in {RUN_SECONDS} s"
        finally:
            process.kill()
            process.join()
            process.close()
            self.rig.cluster.on_delete = lambda pod: None
        self.effects.append(record.read_text().splitlines())
        return code

    @contextmanager
    def _served(self) -> Iterator[Path]:
        self.rig.cluster.always("read_stateful_set", self.rig.cluster.observe)  # a controller that is quick
        with serve(self.rig.cluster) as server:
            yield kubeconfig(self.folder, server.url)


def put_data(rig: Rig, image: str, details: JsonObject | bytes | None) -> None:
    """What a test of ``image`` left on the volume."""
    rig.put_node_data(image)
    if details is not None:
        rig.write_details(details if isinstance(details, bytes) else json.dumps(details).encode())
