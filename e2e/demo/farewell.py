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
    look_around = [
        *_environment(cluster, kind),
        f"{kubectl} get pods",
        f"{kubectl} logs {stateful_set}-0 -c {SIDECAR}",
        f"{kubectl} get sts {stateful_set} -o yaml",
        f"{kubectl} delete pod {stateful_set}-0",
    ]
    end = [f"kubectl delete namespace {namespace}"] if ran_before else []
    if kind == "kind" or not ran_before:  # of kind's it is not known here; `down` leaves one that it has not made
        end.append(f"scripts/cluster {kind} down")
    return "\n".join(
        [
            "The cluster is left up. To look around:",
            *map(_indented, look_around),
            "To end it:",
            *map(_indented, end),
            "",
        ]
    )


def _environment(cluster: Cluster, kind: str) -> list[str]:
    if kind == "kind":  # shown from beside the node, where paths are others
        return ['eval "$(scripts/cluster kind env)"']
    path = []
    if not shutil.which("kubectl") and cluster.kubectl.exists():
        path = [f'export PATH={shlex.quote(str(cluster.kubectl.parent))}:"$PATH"']
    return [f"export KUBECONFIG={shlex.quote(str(cluster.kubeconfig))}", *path]


def _indented(line: str) -> str:
    return f"  {line}"
