"""The registry: a container on this machine's loopback address and on kind's network."""

from __future__ import annotations

import json
import socket

from e2e.clusters.errors import ClusterError
from e2e.clusters.kind.record import Record
from e2e.clusters.kind.settings import NETWORK, REGISTRY, REGISTRY_IMAGE, REGISTRY_PORT, Settings
from e2e.clusters.kind.tools import LONG_SECONDS, ask, run, say

REMEDY = f"`docker rm --force {REGISTRY}`, then try again"


def ensure(settings: Settings, record: Record) -> None:
    """It runs."""
    running = ask(["docker", "container", "inspect", "--format", "{{.State.Running}}", REGISTRY])
    if running == "true":
        if not record.ours("registry"):
            record.note("registry", "taken")
        return
    _refuse_taken_port(settings)
    if running == "false":
        run(["docker", "start", REGISTRY], REMEDY)
        return
    say(f"starting a registry on {settings.registry}")
    record.note("registry", "making")
    # Not on kind's network yet: that is made with the cluster.
    published = f"--publish=127.0.0.1:{settings.port}:{REGISTRY_PORT}"
    delete = "--env=REGISTRY_STORAGE_DELETE_ENABLED=true"
    create = ["docker", "run", "--detach", "--restart=always", f"--name={REGISTRY}", published, delete, REGISTRY_IMAGE]
    try:
        run(create, "see that this machine can pull images, then try again", seconds=LONG_SECONDS)
    except ClusterError:
        remove(record)  # a container that cannot start is there all the same
        raise
    record.note("registry", "made")


def join_network() -> str:
    """Its address for the node and for pods, HOST:PORT."""
    if NETWORK not in _networks():
        run(["docker", "network", "connect", NETWORK, REGISTRY], REMEDY)
    address = _networks().get(NETWORK, {}).get("IPAddress")
    if not address:
        raise ClusterError(
            f"the registry has no IPv4 address on the network `{NETWORK}`",
            REMEDY,
            check=f"`docker network inspect {NETWORK}`",
        )
    return f"{address}:{REGISTRY_PORT}"


def remove(record: Record) -> None:
    """With what was pushed."""
    if ask(["docker", "container", "inspect", "--format", "{{.Id}}", REGISTRY]) is not None:
        run(["docker", "rm", "--force", "--volumes", REGISTRY], REMEDY)
    record.forget("registry")


def _networks() -> dict[str, dict[str, str]]:
    query = ["docker", "container", "inspect", "--format", "{{json .NetworkSettings.Networks}}", REGISTRY]
    networks: dict[str, dict[str, str]] = json.loads(run(query, REMEDY))
    return networks


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket() as probe:
        # As servers do: a port whose last connections have just ended is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.port))
        except OSError as error:
            raise ClusterError(
                f"port {settings.port} of 127.0.0.1, which the registry needs, is in use by something else",
                "end that (another registry, or `scripts/cluster host down`), or set"
                " BOOTSTRAP_MONITOR_KIND_REGISTRY_PORT to a free port",
                check=f"`docker ps --filter publish={settings.port}`; or `lsof -i :{settings.port}`",
            ) from error
