"""What is printed at the end: the results, what to type, what to try next."""

from __future__ import annotations

import shlex
import shutil

from e2e.kit.cluster import Cluster
from e2e.kit.manifests import SIDECAR

NEXT = """\
Next:
  scripts/demo --keep           leaves the cluster up, and prints what to type to look around
  scripts/test                  all tests that need no cluster
  docs/install.md               the same manifests on a cluster of yours, with a real node
"""


def commands(cluster: Cluster, namespace: str, stateful_set: str, kind: str, *, ran_before: bool) -> str:
    """What to type after `--keep`."""
    kubectl = f"kubectl -n {namespace}"
    path = []
    if not shutil.which("kubectl") and cluster.kubectl.exists():
        path = [f'export PATH={shlex.quote(str(cluster.kubectl.parent))}:"$PATH"']
    end = f"kubectl delete namespace {namespace}" if ran_before else f"scripts/cluster {kind} down"
    connection = f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}"
    if kind == "kind":  # where this is printed, beside the node, paths are others
        path, connection = [], 'eval "$(scripts/cluster kind env)"'
    look_around = [
        *path,
        connection,
        f"{kubectl} get pods",
        f"{kubectl} logs {stateful_set}-0 -c {SIDECAR}",
        f"{kubectl} get sts {stateful_set} -o yaml",
        f"{kubectl} delete pod {stateful_set}-0",
    ]
    lines = ["The cluster is left up. To look around:", *look_around, "", "To end it:", end]
    return "\n".join(line if line.endswith(":") or not line else f"  {line}" for line in lines) + "\n"
