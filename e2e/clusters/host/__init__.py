"""A real single-node Kubernetes on this Linux machine, as ordinary processes, without Docker.

etcd, containerd, a registry and Kubernetes' own programs run from one folder outside of the source tree. The
cluster is for tests: it begins empty at every start, and ends without a trace.
"""

from e2e.clusters.errors import ClusterError
from e2e.clusters.host.cluster import down, renew_volumes, start, stop, up
from e2e.clusters.host.environment import Environment

__all__ = ["ClusterError", "Environment", "down", "renew_volumes", "start", "stop", "up"]
