"""The folder of one embedded cluster: where everything lies in it, and what is known of the one that runs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from e2e.clusters.errors import ClusterError

VARIABLE = "BOOTSTRAP_MONITOR_LOCAL_STATE"
MARK = "bootstrap-monitor-local"
NAME = "bootstrap-monitor-local"


@dataclass(frozen=True)
class State:
    """A folder outside of the source tree; nothing else is in it."""

    root: Path

    @classmethod
    def of_environment(cls) -> State:
        """That of ``BOOTSTRAP_MONITOR_LOCAL_STATE``, or one of this user's among the temporary files."""
        default = Path(tempfile.gettempdir()) / f"{NAME}-{os.getuid()}"
        return cls(Path(os.environ.get(VARIABLE) or default).absolute())

    @property
    def log(self) -> Path:
        return self.root / "logs" / "cluster.log"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def pod_logs(self) -> Path:
        return self.root / "pod-logs"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def registry(self) -> Path:
        return self.root / "registry"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def lock(self) -> Path:
        """Beside the folder, which goes with its cluster."""
        return self.root.with_name(f"{self.root.name}.lock")

    def claim(self) -> None:
        """Make it this cluster's.

        :raises ClusterError: it holds something else, or is somebody else's.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.root.stat().st_uid != os.getuid():
                raise ClusterError(f"{self.root} is another user's", f"set {VARIABLE} to a folder of your own")
            if not (self.root / MARK).exists():
                if any(self.root.iterdir()):
                    raise ClusterError(
                        f"{self.root} holds something else: the cluster's state needs a folder of its own",
                        f"set {VARIABLE} to a folder that is empty or does not exist",
                    )
                (self.root / MARK).touch()
        except OSError as error:
            raise ClusterError(f"{self.root}: {error.strerror}", f"set {VARIABLE} to a folder of your own") from error

    def wipe(self) -> None:
        """Empty, and still claimed."""
        self.remove()
        self.claim()

    def remove(self) -> None:
        """Nothing is left of it."""
        if (self.root / MARK).exists():
            shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Running:
    """The cluster that runs in a folder: its process, and where it listens on the loopback."""

    pid: int
    created_seconds: float
    """Since 1970, as the process table has it: another process may have the number by now."""
    url: str
    """The API server's."""
    control_url: str
    registry_port: int

    @property
    def process(self) -> psutil.Process | None:
        """``None`` when it has ended."""
        try:
            process = psutil.Process(self.pid)
            # A zombie is nobody that could be asked.
            same = process.create_time() == self.created_seconds and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None

    def save(self, state: State) -> None:
        """Whoever finds it, finds it whole."""
        written = _file(state).with_suffix(".new")
        written.write_text(json.dumps(asdict(self)), encoding="utf-8")
        written.replace(_file(state))

    @classmethod
    def load(cls, state: State) -> Running | None:
        """``None`` when there is none, also none that lives."""
        try:
            found = cls(**json.loads(_file(state).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.process else None


def _file(state: State) -> Path:
    return state.root / "running.json"
