"""From a container's manifest to what is started: how it differs from a real container is all in here."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from e2e.clusters.local.api.objects import Json
from e2e.clusters.local.kubelet import environment, volumes
from e2e.clusters.local.kubelet.containers import Start
from e2e.clusters.local.kubelet.environment import ConfigError, Facts
from e2e.clusters.local.kubelet.images import Image
from e2e.clusters.local.kubelet.node import Node
from e2e.clusters.local.kubelet.paths import Paths
from e2e.clusters.local.kubelet.readiness import Address

DATA_DIR = "AVAGO_DATA_DIR"
OF_THE_MACHINE = ("PATH", "LANG")


def message_file(node: Node, pod: Json, container: Json) -> Path:
    """The container's termination message."""
    return node.pod_folder(pod["metadata"]["uid"]) / "messages" / str(container["name"])


def prepare(node: Node, pod: Json, container: Json, image: Image, address: Address) -> Start:
    """:raises ConfigError: the container cannot be made. :raises volumes.NotReadyError: a volume is missing."""
    _check_user(pod, container, image)
    own = node.pod_folder(pod["metadata"]["uid"])

    def find(kind: str, name: str) -> Json | None:
        return node.find(pod["metadata"]["namespace"], kind, name)

    facts = Facts(pod, address.host, find)
    places = volumes.folders(pod, own / "volumes", find)
    values = environment.variables(container, facts)
    message = message_file(node, pod, container)
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_bytes(b"")
    mounts = volumes.mounted(container, places, values)
    paths = Paths({container.get("terminationMessagePath") or "/dev/termination-log": message} | mounts)
    given = dict(variable.partition("=")[::2] for variable in image.config.get("Env") or []) | values
    # Not the machine's: what a program leaves there would outlive the pod.
    home = own / "home" / str(container["name"])
    home.mkdir(parents=True, exist_ok=True)
    variables = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ} | {"HOME": str(home)}
    variables |= {name: paths.rewritten(value) for name, value in given.items()}
    variables |= {
        "AVAGO_HTTP_HOST": address.host,
        "AVAGO_HTTP_PORT": str(address.port),
        "BOOTSTRAP_MONITOR_NODE_URI": f"http://{address.host}:{address.port}",
        "BOOTSTRAP_MONITOR_TERMINATION_LOG": str(message),
        "KUBECONFIG": str(node.kubeconfig),
    }
    node_data = _node_data(pod, facts, places)
    if node_data is not None:
        variables.setdefault("BOOTSTRAP_MONITOR_NODE_DATA_DIR", node_data)
    words = [paths.rewritten(word) for word in environment.words(container, image.config, values)]
    folder = container.get("workingDir") or image.config.get("WorkingDir") or "/"
    mounted = paths.rewritten(folder)
    return Start(
        words=words,
        folder=Path(mounted) if mounted != folder else image.root / folder.strip("/"),
        environment=variables,
        root=image.root,
    )


def _node_data(pod: Json, facts: Facts, places: dict[str, Path]) -> str | None:
    """Where the node writes: the program would look for the real path among the mounts of the pod's object."""
    for container in pod["spec"]["containers"]:
        with contextlib.suppress(ConfigError):
            values = environment.variables(container, facts)
            if DATA_DIR in values:
                mounts = volumes.mounted(container, places, values)
                return Paths(mounts).rewritten(values[DATA_DIR])
    return None


def _check_user(pod: Json, container: Json, image: Image) -> None:
    """The one thing about users that is checked; a process is its starter's."""
    settings = (pod["spec"].get("securityContext") or {}) | (container.get("securityContext") or {})
    user = settings.get("runAsUser")
    if not settings.get("runAsNonRoot") or (user is None and image.config.get("User") not in (None, "", "0", "root")):
        return
    if not user:
        why = "image will run as root" if user is None else "runAsUser is root"
        name = pod["metadata"]["name"]
        raise ConfigError(f'container has runAsNonRoot and {why} (pod: "{name}", container: {container["name"]})')
