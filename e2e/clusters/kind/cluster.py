"""Makes the cluster or takes the one that runs; removes what was made."""

from __future__ import annotations

import shlex
import shutil
import time

from e2e.clusters.errors import ClusterError
from e2e.clusters.kind import configuration, registry
from e2e.clusters.kind.record import Record
from e2e.clusters.kind.settings import CLUSTER, NODE, NODE_KUBECONFIG, READY_SECONDS, SCENARIOS, Settings
from e2e.clusters.kind.tools import LONG_SECONDS, ask, need, run, say

REMEDY = "`scripts/cluster kind down`, then `up`, begins anew"
POLL_SECONDS = 1.0


def up(settings: Settings) -> str:
    """A ready cluster with a registry; the registry's address for the node and for pods, HOST:PORT."""
    need()
    record = Record(settings.state)
    registry.ensure(settings, record)
    _ensure_cluster(settings, record)
    address = registry.join_network()
    for name in (settings.registry, address):
        _write_in_node(*configuration.hosts_toml(name, address))
    wait_until_ready()
    _kubectl("apply", "--filename=-", stdin=configuration.registry_hosting(settings.registry))
    return address


def down(settings: Settings) -> None:
    """What `up` has made is gone; what it took is as it was, but for the name of a registry in it."""
    record = Record(settings.state)
    if record.ours("cluster") or record.ours("registry"):
        need()
        remove_scenarios()
    if record.ours("cluster"):
        _delete_cluster(settings, record)
    if record.ours("registry"):
        registry.remove(record)
    shutil.rmtree(settings.state, ignore_errors=True)


def shell(settings: Settings) -> str:
    """For `eval`; kubectl is the node's where this machine has none."""
    if not settings.kubeconfig.exists():
        raise ClusterError(
            "no cluster is up", "`scripts/cluster kind up`", check=f"`kind get clusters` names {CLUSTER}?"
        )
    lines = [
        f"export KUBECONFIG={shlex.quote(str(settings.kubeconfig))}",
        f"export BOOTSTRAP_MONITOR_E2E_REGISTRY={settings.registry}",
    ]
    if shutil.which("kubectl") is None:
        lines.append(f'kubectl() {{ docker exec --interactive {NODE} kubectl "$@"; }}  # none is installed here')
    return "\n".join(lines)


def remove_scenarios() -> None:
    """The container of a run that was broken off."""
    if ask(["docker", "container", "inspect", "--format", "{{.Id}}", SCENARIOS]) is not None:
        run(["docker", "rm", "--force", SCENARIOS], REMEDY)


def wait_until_ready(seconds: float = READY_SECONDS) -> None:
    """The API server answers, and pods with volumes can start."""
    deadline = time.monotonic() + seconds
    while ask(_in_node("kubectl", f"--kubeconfig={NODE_KUBECONFIG}", "get", "--raw=/readyz")) is None:
        if time.monotonic() >= deadline:
            raise ClusterError(
                f"the API server is not ready after {seconds:.0f} s",
                REMEDY,
                check=f"`docker logs {NODE}`; memory and disk",
            )
        time.sleep(POLL_SECONDS)
    timeout = f"--timeout={READY_SECONDS}s"
    _kubectl("wait", "--for=condition=Ready", "node", "--all", timeout)
    provisioner = ("--namespace=local-path-storage", "deployment/local-path-provisioner")
    _kubectl("wait", "--for=condition=Available", *provisioner, timeout)


def _ensure_cluster(settings: Settings, record: Record) -> None:
    known = run(["kind", "get", "clusters"], REMEDY).split()
    if CLUSTER in known and record.origin("cluster") == "making":
        say("removing a cluster that was not finished")
        _delete_cluster(settings, record)
        known.remove(CLUSTER)
    if CLUSTER not in known:
        _create_cluster(settings, record)
        return
    if not record.ours("cluster"):
        nodes = run(["kind", "get", "nodes", f"--name={CLUSTER}"], REMEDY).split()
        if nodes != [NODE]:
            raise ClusterError(
                f"the cluster {CLUSTER} was made by somebody else, with other nodes than {NODE}: {', '.join(nodes)}",
                f"if nobody needs it, `kind delete cluster --name {CLUSTER}`, then try again",
                check=f"`kind get nodes --name {CLUSTER}`",
            )
        say(f"taking the cluster {CLUSTER} that is there; `down` will leave it")
        record.note("cluster", "taken")
    if ask(["docker", "container", "inspect", "--format", "{{.State.Running}}", NODE]) != "true":
        run(["docker", "start", NODE], REMEDY)
    run(["kind", "export", "kubeconfig", f"--name={CLUSTER}", f"--kubeconfig={settings.kubeconfig}"], REMEDY)


def _create_cluster(settings: Settings, record: Record) -> None:
    say(f"making the cluster {CLUSTER}; the first time, its node's image is pulled (1 GB)")
    record.note("cluster", "making")
    options = [f"--name={CLUSTER}", f"--kubeconfig={settings.kubeconfig}", f"--wait={READY_SECONDS}s", "--config=-"]
    run(["kind", "create", "cluster", *options], REMEDY, stdin=configuration.cluster(), seconds=LONG_SECONDS)
    record.note("cluster", "made")


def _delete_cluster(settings: Settings, record: Record) -> None:
    run(["kind", "delete", "cluster", f"--name={CLUSTER}", f"--kubeconfig={settings.kubeconfig}"], REMEDY)
    record.forget("cluster")


def _in_node(*command: str) -> list[str]:
    return ["docker", "exec", "--interactive", NODE, *command]


def _kubectl(*arguments: str, stdin: str = "") -> None:
    command = _in_node("kubectl", f"--kubeconfig={NODE_KUBECONFIG}", *arguments)
    run(command, REMEDY, stdin=stdin, seconds=READY_SECONDS + 30)


def _write_in_node(folder: str, content: str) -> None:
    run(_in_node("mkdir", "-p", folder), REMEDY)
    run(_in_node("cp", "/dev/stdin", f"{folder}/hosts.toml"), REMEDY, stdin=content)
